//! A buffer that slides over a reader, so that parsers see whole headers and searchers whole blocks.

use std::io::{self, BufRead, Read};

/// Large enough that a search call costs nothing beside its bytes, small enough to stay in a core's cache.
const CAPACITY: usize = 256 * 1024;

/// A sliding view of a reader's bytes.
pub struct Window<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    eof: bool,
    consumed: u64,
    skipper: Option<Skipper<R>>,
}

/// Moves a reader forward by up to so many bytes without reading them; says by how many.
type Skipper<R> = fn(&mut R, u64) -> u64;

impl<R: Read> Window<R> {
    /// A window at the start of `inner`.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; CAPACITY].into_boxed_slice(),
            start: 0,
            end: 0,
            eof: false,
            consumed: 0,
            skipper: None,
        }
    }

    /// A window over a reader that can move without reading.
    pub fn seekable(inner: R, skipper: Skipper<R>) -> Self {
        Self { skipper: Some(skipper), ..Self::new(inner) }
    }

    /// How many bytes have been consumed: the offset of the view's first byte.
    pub fn offset(&self) -> u64 {
        self.consumed
    }

    /// The bytes at hand.
    pub fn view(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes at hand after reading until there are at least `min`, or the input has ended.
    /// `min` is at most the window's capacity.
    pub fn fill(&mut self, min: usize) -> io::Result<&[u8]> {
        let min = min.min(CAPACITY);
        while self.end - self.start < min && !self.eof {
            if self.start > 0 && self.buffer.len() - self.start < min.max(CAPACITY / 2) {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.inner.read(room) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.view())
    }

    /// Moves past `n` bytes of the view.
    pub fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.consumed += n as u64;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Moves past `n` bytes, or to the end of the input; says by how many.
    pub fn skip(&mut self, n: u64) -> io::Result<u64> {
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

    /// The next `len` bytes as a reader of its own.
    pub fn body(&mut self, len: u64) -> Body<'_, R> {
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

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill(1)?;
        let n = view.read(out)?;
        Self::consume(self, n);
        Ok(n)
    }
}

/// A stretch of known length of a [`Window`].
pub struct Body<'a, R> {
    window: &'a mut Window<R>,
    left: u64,
}

impl<R: Read> Body<'_, R> {
    /// How many bytes are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Moves past `n` bytes of it without giving them.
    pub fn skip(&mut self, n: u64) -> io::Result<()> {
        let skipped = self.window.skip(n.min(self.left))?;
        self.left -= skipped;
        Ok(())
    }
}

impl<R: Read> BufRead for Body<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let view = self.window.fill(1)?;
        let n = usize::try_from(self.left).map_or(view.len(), |left| view.len().min(left));
        Ok(view.get(..n).unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        self.window.consume(n);
        self.left = self.left.saturating_sub(n as u64);
    }
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in small pieces, as a decoder may.
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
    fn a_body_ends_where_it_was_said_to() {
        let data = vec![7; 300_000];
        let mut window = Window::new(Dribble(&data));
        let mut out = Vec::new();
        window.body(299_999).read_to_end(&mut out).unwrap();
        assert_eq!(out.len(), 299_999);
        assert_eq!(window.fill(10).unwrap(), [7]);
    }
}
