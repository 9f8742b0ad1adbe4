//! A reader that shows the bytes that pass through it.

use super::read_buffered;
use std::io::{self, BufRead, Read};

use super::Peek;

/// Passes bytes on and shows each byte once, when it is consumed.
pub(crate) struct Tap<'a, F> {
    input: &'a mut dyn Peek,
    see: F,
}

impl<'a, F: FnMut(&[u8])> Tap<'a, F> {
    /// Creates a reader of `input` that shows the consumed bytes to `see`.
    pub(crate) fn new(input: &'a mut dyn Peek, see: F) -> Self {
        Self { input, see }
    }
}

impl<F: FnMut(&[u8])> Peek for Tap<'_, F> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.input.peek(min)
    }
}

impl<F: FnMut(&[u8])> BufRead for Tap<'_, F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // The bytes are buffered, so a second request for them cannot fail.
        if let Ok(bytes) = self.input.fill_buf() {
            (self.see)(bytes.get(..n).unwrap_or_default());
        }
        self.input.consume(n);
    }
}

impl<F: FnMut(&[u8])> Read for Tap<'_, F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}
