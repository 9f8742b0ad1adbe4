//! The raw bytes of some content, searched while decoders read them.

use crate::stream::read_buffered;
use std::io::{self, BufRead, Read};

use super::format::HEAD;
use super::limits::MAX_IN_FILE;
use super::sqlite::Pages;
use crate::detect::{CredentialSearch, Occurrence, Packed, Scanner, StepKind, add_kept, may_keep};
use crate::sensitive::Name;
use crate::stream::Peek;

/// Content stored unchanged inside other content has been searched there already, except for tokens that its
/// borders cut or join. For large content, only this many bytes at each end are searched again.
const EDGE: u64 = 64 * 1024;

/// A reader that passes content on and searches it at the same time.
pub(super) struct Raw<'a> {
    input: &'a mut dyn Peek,
    /// The search from the start: all of the content, or its first `EDGE` bytes.
    start: Scanner,
    /// For content that has been searched already: its size, and the search of its end.
    verbatim: Option<(u64, Scanner)>,
    /// The pages of the content, if it is a database.
    pages: Option<Pages>,
    /// The search for credentials of unknown shape, if the content is a member whose name says that it may hold one.
    credentials: Option<(Name, CredentialSearch)>,
    passed: u64,
}

impl<'a> Raw<'a> {
    /// Creates a reader for content that has not been searched anywhere else.
    pub(super) fn whole(input: &'a mut dyn Peek) -> Self {
        // The scanner lists one token more than is kept, to reveal that there are more.
        let start = Scanner::with_limit(MAX_IN_FILE + 1).with_names();
        Self { input, start, verbatim: None, pages: None, credentials: None, passed: 0 }
    }

    /// Creates a reader for content of `size` bytes that is stored unchanged in the enclosing content.
    pub(super) fn verbatim(input: &'a mut dyn Peek, size: u64) -> Self {
        let end = (size > 4 * EDGE).then(|| (size, Scanner::with_limit(MAX_IN_FILE + 1).with_names()));
        Self { verbatim: end, ..Self::whole(input) }
    }

    /// Enables the search for credentials of unknown shape, if the content is a file with a name that says that it may
    /// hold one.
    pub(super) fn called(self, step: &StepKind) -> Self {
        let StepKind::Member(_, name) = step else { return self };
        let credentials = may_keep(name).then(|| (name.clone(), CredentialSearch::new(name)));
        Self { credentials, ..self }
    }

    /// Finds tokens between texts that follow each other without a border, as the columns of a table do.
    pub(super) fn of_table(self) -> Self {
        Self { start: self.start.within_binary(), ..self }
    }

    /// Returns the number of bytes that were consumed.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Enables the search across page borders if the content is a database.
    pub(super) fn watch_pages(&mut self) -> io::Result<()> {
        self.pages = Pages::begin(self.peek(HEAD)?);
        Ok(())
    }

    /// Returns the occurrences in order of offset, with those across page borders last, and encoded
    /// data that is compressed. The flag is true if
    /// there were more page borders than can be remembered.
    pub(super) fn finish(mut self) -> (Vec<Occurrence>, Vec<Packed>, bool) {
        let pages = self.pages.take().map(Pages::finish).unwrap_or_default();
        let (mut found, packed) = self.start.finish_with_packed();
        if let Some((size, end)) = self.verbatim {
            found.extend(end.finish().into_iter().map(|mut occurrence| {
                occurrence.move_to(occurrence.at.start + size - EDGE);
                occurrence.position = None;
                occurrence
            }));
        }
        found.extend(pages.occurrences);
        if let Some((name, search)) = self.credentials {
            add_kept(&name, search.finish(), &mut found);
        }
        (found, packed, pages.limited)
    }

    fn searched(&mut self, n: usize) {
        // The bytes are buffered, so a second request cannot fail.
        let Ok(view) = self.input.fill_buf() else { return };
        let bytes = view.get(..n).unwrap_or(view);
        if let Some(pages) = &mut self.pages {
            pages.feed(bytes);
        }
        if let Some((_, credentials)) = &mut self.credentials {
            credentials.feed(bytes);
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
        // Bytes read before an error are held, so the input is asked twice. They are consumed first, however
        // few they are. After them, the error appears again.
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
        read_buffered(self, out)
    }
}

/// The next `left` bytes of some content.
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
        read_buffered(self, out)
    }
}
