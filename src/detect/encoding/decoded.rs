//! Decoded text that maps each of its bytes to the searched bytes.

use std::ops::Range;

use crate::sensitive::Sensitive;

/// Decoded text around a candidate. The text may hold a token, so it is wiped when dropped.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) text: Sensitive,
    /// The encoded range of each byte of the text.
    places: Vec<Range<usize>>,
}

impl Decoded {
    pub(super) fn push(&mut self, byte: u8, place: Range<usize>) {
        #[cfg(test)]
        count_read();
        self.text.push(byte);
        self.places.push(place);
    }

    /// Reads until the text has `len` bytes. Returns the unit that stopped the reading earlier, if any.
    pub(super) fn extend(&mut self, reader: &mut impl Reader, len: usize) -> Option<Unit> {
        while self.text.len() < len {
            match reader.next() {
                Unit::Byte(byte, place) => self.push(byte, place),
                stop => return Some(stop),
            }
        }
        None
    }

    /// Returns the encoded range of a part of the text.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let places = self.places.get(part).unwrap_or_default();
        places.first().map_or(0, |first| first.start)..places.last().map_or(0, |last| last.end)
    }
}

/// The next item of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// A decoded byte and its encoded range.
    Byte(u8, Range<usize>),
    /// The encoded text ends here.
    End,
    /// The bytes end, and the encoded text may continue.
    Cut,
}

/// A reader of encoded text, unit by unit.
pub(super) trait Reader: Clone {
    fn next(&mut self) -> Unit;
}

/// The text in front of a candidate.
pub(super) struct Front {
    pub(super) decoded: Decoded,
    /// Whether the text in front may be unrelated to the candidate.
    pub(super) is_loose: bool,
}

impl From<Decoded> for Front {
    fn from(decoded: Decoded) -> Self {
        Self { decoded, is_loose: false }
    }
}

#[cfg(test)]
thread_local! {
    /// The number of bytes that were decoded at needles, for tests.
    pub(super) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts a byte that was decoded at a needle.
#[cfg(test)]
pub(super) fn count_read() {
    READ.with(|read| read.set(read.get() + 1));
}
