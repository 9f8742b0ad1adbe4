//! A sliding buffer over a reader. Parsers see whole headers, and searches see whole blocks.

use super::read_buffered;
use super::spare::Buffer;
use crate::fault::repeat;
use std::io::{self, BufRead, Read};

/// The default capacity: large enough that the cost of a search call is negligible, and small enough for the
/// cache of a core.
const CAPACITY: usize = 256 * 1024;
/// The smallest buffer: larger than any header that a parser needs as a whole.
const MIN_CAPACITY: usize = 4 * 1024;

/// A reader that allows a look at the next bytes before they are consumed, up to the length of a header.
pub(crate) trait Peek: BufRead {
    /// Reads until there are at least `min` bytes or the input has ended, and returns the buffered bytes.
    /// `min` is at most 4 KiB.
    fn peek(&mut self, min: usize) -> io::Result<&[u8]>;
}

impl Peek for &[u8] {
    fn peek(&mut self, _min: usize) -> io::Result<&[u8]> {
        Ok(self)
    }
}

impl<T: Peek + ?Sized> Peek for &mut T {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        (**self).peek(min)
    }
}

impl<T: Peek + ?Sized> Peek for Box<T> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        (**self).peek(min)
    }
}

/// A sliding view of the bytes of a reader.
pub(crate) struct Window<R> {
    inner: R,
    buffer: Buffer,
    start: usize,
    end: usize,
    eof: bool,
    /// The error that ended the input.
    failed: Option<io::Error>,
    consumed: u64,
    skipper: Option<Skipper<R>>,
}

/// A function that moves a reader forward by at most the given number of bytes without reading them. It
/// returns the actual number.
type Skipper<R> = fn(&mut R, u64) -> u64;

impl<R: Read> Window<R> {
    /// Creates a window at the start of `inner`.
    pub(crate) fn new(inner: R) -> Self {
        Self::with_capacity(CAPACITY, inner)
    }

    /// Creates a window with a buffer of `capacity` bytes, but not less than 4 KiB.
    pub(crate) fn with_capacity(capacity: usize, inner: R) -> Self {
        Self {
            inner,
            buffer: Buffer::new(capacity.max(MIN_CAPACITY)),
            start: 0,
            end: 0,
            eof: false,
            failed: None,
            consumed: 0,
            skipper: None,
        }
    }

    /// Creates a window over a reader that can move forward without reading.
    pub(crate) fn seekable(inner: R, skipper: Skipper<R>) -> Self {
        Self { skipper: Some(skipper), ..Self::new(inner) }
    }

    /// Returns the number of consumed bytes: the offset of the first byte of the view.
    pub(crate) fn offset(&self) -> u64 {
        self.consumed
    }

    /// Returns the buffered bytes.
    pub(crate) fn view(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads until there are at least `min` bytes or the input has ended, and returns the buffered bytes.
    /// `min` is at most the capacity of the window. If the input fails before `min` bytes are read, returns
    /// the error, on every call.
    pub(crate) fn fill(&mut self, min: usize) -> io::Result<&[u8]> {
        let capacity = self.buffer.len();
        let min = min.min(capacity);
        while self.end - self.start < min && !self.eof {
            if let Some(error) = &self.failed {
                return Err(repeat(error));
            }
            if self.start > 0 && capacity - self.start < min.max(capacity / 2) {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.inner.read(room) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => self.failed = Some(e),
            }
        }
        Ok(self.view())
    }

    /// Moves past `n` bytes of the view.
    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.consumed += n as u64;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Moves past `n` bytes or to the end of the input. Returns the number of bytes.
    pub(crate) fn skip(&mut self, n: u64) -> io::Result<u64> {
        let mut left = n;
        while left > 0 {
            let held = self.end - self.start;
            if held == 0
                && let Some(skipper) = self.skipper
            {
                let skipped = skipper(&mut self.inner, left);
                self.consumed += skipped;
                left -= skipped;
                if left == 0 {
                    break;
                }
            }
            let held = self.fill(1)?.len();
            if held == 0 {
                break;
            }
            let step = usize::try_from(left).map_or(held, |left| left.min(held));
            self.consume(step);
            left -= step as u64;
        }
        Ok(n - left)
    }

    /// Returns a reader of the next `len` bytes.
    pub(crate) fn body(&mut self, len: u64) -> Body<'_, R> {
        Body { window: self, left: len }
    }
}

impl<R: Read> BufRead for Window<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill(1)
    }

    fn consume(&mut self, n: usize) {
        Self::consume(self, n);
    }
}

impl<R: Read> Peek for Window<R> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.fill(min)
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill(1)?;
        let n = view.read(out)?;
        Self::consume(self, n);
        Ok(n)
    }
}

/// A stretch of known length of a [`Window`].
pub(crate) struct Body<'a, R> {
    window: &'a mut Window<R>,
    left: u64,
}

impl<R: Read> Body<'_, R> {
    /// Returns the number of bytes left.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Moves past `n` bytes without returning them.
    pub(crate) fn skip(&mut self, n: u64) -> io::Result<()> {
        let skipped = self.window.skip(n.min(self.left))?;
        self.left -= skipped;
        Ok(())
    }
}

impl<R: Read> BufRead for Body<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.window.consume(n);
        self.left = self.left.saturating_sub(n as u64);
    }
}

impl<R: Read> Peek for Body<'_, R> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let min = usize::try_from(self.left).map_or(min, |left| min.min(left));
        let view = self.window.fill(min)?;
        let n = usize::try_from(self.left).map_or(view.len(), |left| view.len().min(left));
        Ok(view.get(..n).unwrap_or_default())
    }
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns its bytes in small pieces, as a decoder may.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(out.len()).min(1000);
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn every_byte_passes_once_and_in_order() {
        let data: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new(Dribble(&data));
        let mut seen = Vec::new();
        loop {
            let view = window.fill(3000).unwrap();
            if view.is_empty() {
                break;
            }
            let n = view.len().min(2999);
            seen.extend_from_slice(&view[..n]);
            window.consume(n);
        }
        assert_eq!(seen, data);
        assert_eq!(window.offset(), data.len() as u64);
    }

    #[test]
    fn as_much_as_asked_for_is_seen_ahead() {
        let data: Vec<u8> = (0..20_000_u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::with_capacity(1, Dribble(&data));
        let mut at = 0;
        while at < data.len() {
            let view = window.peek(4096).unwrap();
            assert!(view.len() >= 4096.min(data.len() - at));
            assert_eq!(view, &data[at..at + view.len()]);
            at += 777.min(data.len() - at);
            BufRead::consume(&mut window, 777);
        }
        let mut window = Window::new(Dribble(&data));
        assert_eq!(window.body(1500).peek(4000).unwrap(), &data[..1500]);
    }

    #[test]
    fn a_body_ends_where_it_was_said_to() {
        let data = vec![7; 300_000];
        let mut window = Window::new(Dribble(&data));
        let mut out = Vec::new();
        window.body(299_999).read_to_end(&mut out).unwrap();
        assert_eq!(out.len(), 299_999);
        assert_eq!(window.fill(10).unwrap(), [7]);
    }
}
