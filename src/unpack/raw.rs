//! A content's own bytes, searched as decoders read them.

use std::io::{self, BufRead, Read};

use super::format::HEAD;
use super::limits::MAX_IN_FILE;
use super::sqlite::Pages;
use crate::detect::{Occurrence, Scanner};
use crate::stream::Peek;

/// Content that stands as it is in another one has been searched there but for what its borders cut or
/// glue together: where it is large, this much of it is looked at again on either side.
const EDGE: u64 = 64 * 1024;

/// Passes a content on and searches it as it goes by.
pub(super) struct Raw<'a> {
    input: &'a mut dyn Peek,
    /// From the start; all of it, or as far as the first edge.
    start: Scanner,
    /// Of content that has been searched already: its size, and the search of its end.
    verbatim: Option<(u64, Scanner)>,
    /// The pages of a database, if it is one.
    pages: Option<Pages>,
    passed: u64,
}

impl<'a> Raw<'a> {
    /// Content that nothing else has searched.
    pub(super) fn whole(input: &'a mut dyn Peek) -> Self {
        // It lists one token more than are kept, so that more can be told from all.
        let start = Scanner::with_limit(MAX_IN_FILE + 1);
        Self { input, start, verbatim: None, pages: None, passed: 0 }
    }

    /// Content of so many bytes that stand as they are in the one around it.
    pub(super) fn verbatim(input: &'a mut dyn Peek, size: u64) -> Self {
        let end = (size > 4 * EDGE).then(|| (size, Scanner::with_limit(MAX_IN_FILE + 1)));
        Self { verbatim: end, ..Self::whole(input) }
    }

    /// How many bytes have gone by.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Joins what pages cut, if the content is a database.
    pub(super) fn watch_pages(&mut self) -> io::Result<()> {
        self.pages = Pages::begin(self.peek(HEAD)?);
        Ok(())
    }

    /// What was found, in order of offset, that in pages last; and whether pages had more borders than can be
    /// remembered.
    pub(super) fn finish(mut self) -> (Vec<Occurrence>, bool) {
        let pages = self.pages.take().map(Pages::finish).unwrap_or_default();
        let mut found = self.start.finish();
        if let Some((size, end)) = self.verbatim {
            found.extend(end.finish().into_iter().map(|mut occurrence| {
                occurrence.move_to(occurrence.at.start + size - EDGE);
                occurrence.position = None;
                occurrence
            }));
        }
        found.extend(pages.occurrences);
        (found, pages.limited)
    }

    fn searched(&mut self, n: usize) {
        // The bytes are buffered, so asking for them again cannot fail.
        let Ok(view) = self.input.fill_buf() else { return };
        let bytes = view.get(..n).unwrap_or(view);
        if let Some(pages) = &mut self.pages {
            pages.feed(bytes);
        }
        let Some((size, end)) = &mut self.verbatim else { return self.start.feed(bytes) };
        let from = |edge: u64| {
            let skipped = usize::try_from(edge.saturating_sub(self.passed)).unwrap_or(usize::MAX);
            bytes.split_at(skipped.min(bytes.len()))
        };
        self.start.feed(from(EDGE).0);
        end.feed(from(*size - EDGE).1);
    }
}

impl Peek for Raw<'_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        // Asked twice, for what has been read once is held. What comes before an error of the reader is read
        // to its end, however little it is; then the error comes again.
        let _ = self.input.peek(min);
        self.input.fill_buf()
    }
}

impl BufRead for Raw<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.searched(n);
        self.input.consume(n);
        self.passed += n as u64;
    }
}

impl Read for Raw<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// The next `left` bytes of a content.
pub(super) struct Stretch<'r, 'a> {
    pub(super) raw: &'r mut Raw<'a>,
    pub(super) left: u64,
}

impl Peek for Stretch<'_, '_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let view = self.raw.peek(min.min(left))?;
        Ok(view.get(..left).unwrap_or(view))
    }
}

impl BufRead for Stretch<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.raw.consume(n);
        self.left = self.left.saturating_sub(n as u64);
    }
}

impl Read for Stretch<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}
