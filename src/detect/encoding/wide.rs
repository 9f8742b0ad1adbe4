//! UTF-16 and UTF-32 of either byte order: each character has one or three NULs next to it.

use super::decoded::{Decoded, Reader, Unit};
use crate::detect::shape::{REACH, SHORT};

/// Returns true if a unit of that value is a character of text. Characters other than Latin ones end a text,
/// and so do the two bytes of a byte order mark.
pub(in crate::detect) fn is_character(b: u8) -> bool {
    matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0xa0..=0xfd)
}

/// Reads units of `width` bytes and considers the first byte of each. Text of the other byte order gives the
/// same result, because its NULs are in the same places except at the ends.
#[derive(Debug, Clone)]
pub(super) struct Wide<'a> {
    bytes: &'a [u8],
    at: usize,
    width: usize,
    limit: usize,
    whole_end: bool,
}

impl<'a> Wide<'a> {
    /// Creates a reader for the text at `at`. `whole_end` is true if the content ends with `bytes`.
    pub(super) fn new(bytes: &'a [u8], at: usize, width: usize, limit: usize, whole_end: bool) -> Self {
        Self { bytes, at, width, limit, whole_end }
    }
}

impl Reader for Wide<'_> {
    fn next(&mut self) -> Unit {
        if self.at >= self.limit {
            return Unit::End;
        }
        let Some(&byte) = self.bytes.get(self.at) else { return Unit::Cut };
        if !is_character(byte) {
            return Unit::End;
        }
        let place = self.at..self.at + self.width;
        if place.end > self.bytes.len() && !self.whole_end {
            return Unit::Cut;
        }
        // In text of the other byte order, the last character has no NUL after it.
        let behind = self.bytes.get(self.at + 1..place.end.min(self.bytes.len())).unwrap_or_default();
        if behind.iter().any(|&b| b != 0) {
            self.limit = 0;
        }
        self.at = place.end;
        Unit::Byte(byte, place)
    }
}

/// Decodes the characters in front of the character at `at`.
pub(super) fn front(bytes: &[u8], at: usize, width: usize, wanted: usize) -> Decoded {
    let before = |at: usize| {
        let unit = at.checked_sub(width).and_then(|start| bytes.get(start..at))?;
        let (&character, zeros) = unit.split_first()?;
        (is_character(character) && zeros.iter().all(|&b| b == 0)).then_some(at - width)
    };
    let mut start = at;
    while (at - start) / width < wanted
        && let Some(previous) = before(start)
    {
        start = previous;
    }
    let mut decoded = Decoded::default();
    for at in (start..at).step_by(width) {
        decoded.push(bytes.get(at).copied().unwrap_or_default(), at..at + width);
    }
    decoded
}

/// Returns true if bytes that are no such text are near the text at `at`, on either side. Binary formats join texts
/// with numbers and with each other. A byte order mark, and the ends of the bytes, are no such bytes.
pub(super) fn is_among_others(bytes: &[u8], at: usize, width: usize) -> bool {
    let is_other = |unit: &[u8]| match unit {
        [] | [0xff, ..] => false,
        [b, zeros @ ..] => !is_character(*b) || zeros.iter().any(|&b| b != 0),
    };
    let (before, text) = bytes.split_at(at.min(bytes.len()));
    let behind = text.chunks_exact(width).take(SHORT).any(is_other);
    behind || before.rchunks_exact(width).take(REACH).any(is_other)
}
