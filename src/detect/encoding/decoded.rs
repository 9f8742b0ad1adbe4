//! Text that was decoded, with the place in the searched bytes that each of its bytes came from.

use std::ops::Range;

use crate::sensitive::Sensitive;

/// Decoded text around a candidate. It may hold a token, so that it is wiped when dropped.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) text: Sensitive,
    /// For each byte of the text, where it stands encoded.
    places: Vec<Range<usize>>,
}

impl Decoded {
    pub(super) fn push(&mut self, byte: u8, place: Range<usize>) {
        self.text.push(byte);
        self.places.push(place);
    }

    /// Reads on until the text has `len` bytes, or what stopped it before.
    pub(super) fn extend(&mut self, reader: &mut impl Reader, len: usize) -> Option<Unit> {
        while self.text.len() < len {
            match reader.next() {
                Unit::Byte(byte, place) => self.push(byte, place),
                stop => return Some(stop),
            }
        }
        None
    }

    /// Where a part of the text stands encoded.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let places = self.places.get(part).unwrap_or_default();
        places.first().map_or(0, |first| first.start)..places.last().map_or(0, |last| last.end)
    }
}

/// What a reader gives next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// A decoded byte and where it stands.
    Byte(u8, Range<usize>),
    /// What follows is not encoded so.
    End,
    /// The bytes end; what follows might go on.
    Cut,
}

/// Reads encoded text, unit by unit.
pub(super) trait Reader: Clone {
    fn next(&mut self) -> Unit;
}

/// What stands in front of a text.
pub(super) struct Front {
    pub(super) decoded: Decoded,
    /// Whether it need not belong to the text.
    pub(super) is_loose: bool,
}

impl From<Decoded> for Front {
    fn from(decoded: Decoded) -> Self {
        Self { decoded, is_loose: false }
    }
}
