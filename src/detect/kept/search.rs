//! The search for kept credentials over a stream.

use zeroize::Zeroizing;

use super::names::Keeper;
use super::{KeptToken, MAX_KEPT, spots};
use crate::detect::position::Lines;

/// How much is held at once of a file that is known by its name. One that is no list of lines and is larger
/// is not read further.
pub(super) const WINDOW: usize = 1024 * 1024;
/// How much of one window is read again with the next, for what stands on several lines.
const OVERLAP: usize = 8 * 1024;
/// More credentials of one file are not listed; whoever keeps fewer can tell that there are more.
const MAX_FOUND: usize = 4096;

/// Looks for credentials of unknown shape in a file that is fed piece by piece. Files of any name are looked
/// at up to [`MAX_KEPT`] bytes, those whose name says that they hold such a thing further: in windows where
/// their lines stand for themselves, else up to a mebibyte.
pub(crate) struct KeptSearch {
    keeper: Option<Keeper>,
    buffer: Zeroizing<Vec<u8>>,
    /// Offset in the file of the first byte of `buffer`.
    start: u64,
    /// How much of `buffer` has been searched.
    searched: usize,
    lines: Lines,
    found: Vec<KeptToken>,
    gave_up: bool,
}

impl KeptSearch {
    /// A search at the start of a file of that path.
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

    /// Whether a file of that path is looked at beyond its first [`MAX_KEPT`] bytes.
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

    /// Ends the file and gives what may be a credential in it, in order of offset.
    pub(crate) fn finish(mut self) -> Vec<KeptToken> {
        if !self.gave_up {
            let end = self.buffer.len();
            self.search(end, end);
        }
        std::mem::take(&mut self.found)
    }

    /// How much fits into the buffer. It never grows in place, which would leave a copy behind.
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
                // A line that fills the window is read as far as it goes.
                let end = if end <= OVERLAP { self.buffer.len() } else { end };
                // What begins near the end is judged when more of it is there.
                self.search(end, end.saturating_sub(OVERLAP / 2));
                self.drop_front(end.saturating_sub(OVERLAP));
            }
            _ => {
                self.gave_up = true;
                self.buffer = Zeroizing::default();
            }
        }
    }

    /// Searches the buffer up to `end`, for what begins before `until`.
    fn search(&mut self, end: usize, until: usize) {
        let content = self.buffer.get(..end).unwrap_or_default();
        let whole = self.start == 0 && content.len() <= small() && end == self.buffer.len();
        let mut cursor = self.lines.cursor();
        for (at, form) in spots(self.keeper, content, whole) {
            if at < self.searched || at >= until {
                continue;
            }
            let position = cursor.position(content, at);
            self.found.push(KeptToken { form, offset: self.start + at as u64, position });
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

/// [`MAX_KEPT`] as a length.
fn small() -> usize {
    usize::try_from(MAX_KEPT).unwrap_or(usize::MAX)
}
