//! Entries of a pack that are kept in stored form, so that they can be decoded again.

use crate::stream::read_buffered;
use std::io::{self, BufRead, Read};

use crate::stream::Peek;

/// The minimum of the `longest` limit; below it, the limit becomes zero. Choosing among shorter entries is
/// not worthwhile.
const SHORTEST: usize = 64;

/// Entries by their offsets, limited in total bytes. When space runs out, the longest entries are dropped.
/// Long entries are mostly files without many versions, and a hundred versions of a text are shorter than one
/// picture.
#[derive(Debug)]
pub(super) struct Kept {
    limit: usize,
    bytes: Vec<u8>,
    /// The offset of each entry in the pack, ascending, and its start in `bytes`.
    places: Vec<(u64, usize)>,
    /// The maximum length of a kept entry.
    longest: usize,
    /// Whether the last entry is still being added.
    is_open: bool,
    /// The number of bytes taken from the limit for other purposes.
    charged: usize,
}

impl Kept {
    /// The memory that an entry takes in addition to its bytes.
    pub(super) const PLACE: usize = 16;

    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), places: Vec::new(), longest: limit, is_open: false, charged: 0 }
    }

    /// Begins the entry at `offset`, which is after all others.
    pub(super) fn begin(&mut self, offset: u64) {
        self.places.push((offset, self.bytes.len()));
        self.is_open = true;
    }

    /// Adds bytes to the last entry.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.is_open {
            return;
        }
        let start = self.places.last().map_or(0, |(_, start)| *start);
        if self.bytes.len() - start + bytes.len() > self.longest {
            self.bytes.truncate(start);
            self.places.pop();
            self.is_open = false;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.shrink();
    }

    /// Ends the last entry.
    pub(super) fn end(&mut self) {
        self.is_open = false;
    }

    /// Reduces the number of bytes that may be kept.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.charged += bytes;
        self.shrink();
    }

    pub(super) fn has(&self, offset: u64) -> bool {
        self.places.binary_search_by_key(&offset, |(offset, _)| *offset).is_ok()
    }

    /// Returns the entry at `offset`, including its header.
    pub(super) fn get(&self, offset: u64) -> Option<&[u8]> {
        let found = self.places.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        let (_, start) = self.places.get(found)?;
        let end = self.places.get(found + 1).map_or(self.bytes.len(), |(_, end)| *end);
        self.bytes.get(*start..end)
    }

    fn is_full(&self) -> bool {
        self.bytes.len() + self.places.len() * Self::PLACE + self.charged > self.limit
    }

    /// Drops the longest entries until there is some spare room.
    fn shrink(&mut self) {
        if !self.is_full() {
            return;
        }
        let room = self.limit / 8;
        self.limit -= room;
        while self.is_full() && !self.places.is_empty() {
            self.longest = if self.longest < SHORTEST { 0 } else { self.longest / 4 * 3 };
            self.drop_long();
        }
        self.limit += room;
    }

    fn drop_long(&mut self) {
        let mut filled = 0;
        let mut left = Vec::new();
        let ends = self.places.iter().skip(1).map(|(_, start)| *start).chain([self.bytes.len()]);
        for (&(offset, start), end) in self.places.iter().zip(ends) {
            if end - start <= self.longest && self.longest > 0 {
                self.bytes.copy_within(start..end, filled);
                left.push((offset, filled));
                filled += end - start;
            }
        }
        self.is_open &= left.last().map(|(offset, _)| offset) == self.places.last().map(|(offset, _)| offset);
        self.bytes.truncate(filled);
        self.places = left;
    }
}

/// A reader that passes a pack on, counts its bytes, and keeps entries while there is room.
pub(super) struct Recorder<'a> {
    input: &'a mut dyn Peek,
    pub(super) kept: Kept,
    passed: u64,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(input: &'a mut dyn Peek, limit: usize) -> Self {
        Self { input, kept: Kept::new(limit), passed: 0 }
    }

    /// Returns the offset of the next byte in the pack.
    pub(super) fn offset(&self) -> u64 {
        self.passed
    }
}

impl Peek for Recorder<'_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.input.peek(min)
    }
}

impl BufRead for Recorder<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // The bytes are buffered, so a second request cannot fail.
        if let Ok(view) = self.input.fill_buf() {
            self.kept.push(view.get(..n).unwrap_or(view));
        }
        self.input.consume(n);
        self.passed += n as u64;
    }
}

impl Read for Recorder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}
