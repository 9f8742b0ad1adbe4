//! Hexadecimal: two digits a byte, with nothing between them or with the same few characters each time
//! (`68 66 5f`, `68:66:5f`, `0x68, 0x66, 0x5f`).

use std::ops::Range;

use super::decoded::{Decoded, Reader, Unit};

/// What stands between two bytes.
const SEPARATORS: [&[u8]; 7] = [b", 0x", b",0x", b" 0x", b" ", b":", b"-", b""];

fn digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

pub(super) fn is_digit(b: u8) -> bool {
    b.is_ascii_hexdigit()
}

fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    Some(digit(*bytes.get(at)?)? << 4 | digit(*bytes.get(at + 1)?)?)
}

/// Reads on from the first digit of a byte.
#[derive(Debug, Clone)]
pub(super) struct Hex<'a> {
    bytes: &'a [u8],
    at: usize,
    separator: &'static [u8],
    limit: usize,
}

impl<'a> Hex<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, limit: usize) -> Self {
        let behind = bytes.get(at + 2..).unwrap_or_default();
        let separator = SEPARATORS.into_iter().find(|separator| behind.starts_with(separator));
        Self { bytes, at, separator: separator.unwrap_or_default(), limit }
    }

    /// Whether the digits stand side by side.
    pub(super) fn is_dense(&self) -> bool {
        self.separator.is_empty()
    }

    /// The bytes in front of this one.
    pub(super) fn front(&self, wanted: usize) -> Decoded {
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut at = self.at;
        while places.len() < wanted {
            let head = self.bytes.get(..at).unwrap_or_default();
            let Some(start) = head.strip_suffix(self.separator).and_then(|head| head.len().checked_sub(2))
            else {
                break;
            };
            if byte(self.bytes, start).is_none() {
                break;
            }
            places.push(start..start + 2);
            at = start;
        }
        let mut decoded = Decoded::default();
        for place in places.into_iter().rev() {
            decoded.push(byte(self.bytes, place.start).unwrap_or_default(), place);
        }
        decoded
    }
}

impl Reader for Hex<'_> {
    fn next(&mut self) -> Unit {
        if self.at >= self.limit {
            return Unit::End;
        }
        let at = self.at;
        let (Some(&high), low) = (self.bytes.get(at), self.bytes.get(at + 1)) else { return Unit::Cut };
        if !is_digit(high) {
            return Unit::End;
        }
        let Some(&low) = low else { return Unit::Cut };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Unit::End };
        let behind = self.bytes.get(at + 2..).unwrap_or_default();
        if behind.starts_with(self.separator) {
            self.at = at + 2 + self.separator.len();
        } else if behind.len() < self.separator.len() && self.separator.starts_with(behind) {
            // The next call says that the bytes end.
            self.at = self.bytes.len();
        } else {
            self.limit = 0;
        }
        Unit::Byte(high << 4 | low, at..at + 2)
    }
}
