//! The search for credentials of unknown shape over a stream.

use zeroize::Zeroizing;

use super::names::Keeper;
use super::{Credential, MAX_CREDENTIALS, extent, spots};
use crate::detect::position::Lines;

/// The number of bytes that are held at once of a file that is known by its name. A larger file that is not
/// a list of lines is not read further.
pub(super) const WINDOW: usize = 1024 * 1024;
/// The number of bytes of a window that are read again with the next window, for values that span several
/// lines.
const OVERLAP: usize = 8 * 1024;
/// The maximum number of credentials that are listed for a file. A caller that keeps fewer can detect that
/// there are more.
const MAX_FOUND: usize = 4096;

/// Searches a file for credentials of unknown shape. The file is fed piece by piece. Files of any name are
/// searched up to [`MAX_CREDENTIALS`] bytes. Files whose names mark them as credential files are searched further:
/// in windows if their lines are independent, otherwise up to one mebibyte.
pub(crate) struct CredentialSearch {
    keeper: Option<Keeper>,
    buffer: Zeroizing<Vec<u8>>,
    /// The offset in the file of the first byte of `buffer`.
    start: u64,
    /// The number of bytes of `buffer` that have been searched.
    searched: usize,
    lines: Lines,
    found: Vec<Credential>,
    gave_up: bool,
}

impl CredentialSearch {
    /// Creates a search at the start of a file with the given path.
    pub(crate) fn new(path: &[u8]) -> Self {
        Self {
            keeper: Keeper::of(path),
            buffer: Zeroizing::default(),
            start: 0,
            searched: 0,
            lines: Lines::default(),
            found: Vec::new(),
            gave_up: false,
        }
    }

    /// Returns true if a file with the given path is searched beyond its first [`MAX_CREDENTIALS`] bytes.
    pub(crate) fn reads_large(path: &[u8]) -> bool {
        Keeper::of(path).is_some()
    }

    /// Searches the next piece.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() && !self.gave_up {
            let room = self.size().saturating_sub(self.buffer.len());
            if room == 0 {
                self.make_room();
                continue;
            }
            if self.buffer.capacity() == 0 {
                self.buffer.reserve_exact(small());
            }
            let (head, rest) = piece.split_at(piece.len().min(room));
            self.lines.look_for_nul(self.start + self.buffer.len() as u64, head);
            self.buffer.extend_from_slice(head);
            piece = rest;
        }
    }

    /// Ends the file and returns its possible credentials in order of offset.
    pub(crate) fn finish(mut self) -> Vec<Credential> {
        if !self.gave_up {
            let end = self.buffer.len();
            self.search(end, end);
        }
        std::mem::take(&mut self.found)
    }

    /// Returns the size of the buffer. The buffer never grows in place, because that would leave a copy in
    /// memory.
    fn size(&self) -> usize {
        if self.buffer.capacity() < WINDOW { small() } else { WINDOW }
    }

    fn make_room(&mut self) {
        match self.keeper {
            Some(_) if self.size() < WINDOW => {
                let mut larger = Zeroizing::new(Vec::with_capacity(WINDOW));
                larger.extend_from_slice(&self.buffer);
                self.buffer = larger;
            }
            Some(keeper) if keeper.is_lines() => {
                let end =
                    memchr::memrchr(b'\n', &self.buffer).map_or(self.buffer.len(), |newline| newline + 1);
                // A line that fills the window is searched as far as it goes.
                let end = if end <= OVERLAP { self.buffer.len() } else { end };
                // A value that begins near the end is judged when more of it is available.
                self.search(end, end.saturating_sub(OVERLAP / 2));
                self.drop_front(end.saturating_sub(OVERLAP));
            }
            _ => {
                self.gave_up = true;
                self.buffer = Zeroizing::default();
            }
        }
    }

    /// Searches the buffer up to `end` for values that begin before `until`.
    fn search(&mut self, end: usize, until: usize) {
        let content = self.buffer.get(..end).unwrap_or_default();
        let whole = self.start == 0 && content.len() <= small() && end == self.buffer.len();
        let mut cursor = self.lines.cursor();
        for (at, form) in spots(self.keeper, content, whole) {
            if at < self.searched || at >= until {
                continue;
            }
            let position = cursor.position(content, at);
            let text = Some(extent::text(form, content, at));
            self.found.push(Credential { form, offset: self.start + at as u64, position, text });
        }
        self.searched = until.max(self.searched);
        if self.found.len() > MAX_FOUND {
            self.found.truncate(MAX_FOUND);
            self.gave_up = true;
        }
    }

    fn drop_front(&mut self, n: usize) {
        self.lines.pass(self.buffer.get(..n).unwrap_or_default());
        let n = n.min(self.buffer.len());
        self.buffer.drain(..n);
        self.searched = self.searched.saturating_sub(n);
        self.start += n as u64;
    }
}

/// Returns [`MAX_CREDENTIALS`] as a `usize`.
fn small() -> usize {
    usize::try_from(MAX_CREDENTIALS).unwrap_or(usize::MAX)
}
