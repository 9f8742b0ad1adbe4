//! Hexadecimal text: two digits per byte, without a separator or with a constant separator (`68 66 5f`,
//! `68:66:5f`, `0x68, 0x66, 0x5f`), on one line or on several.

use std::ops::Range;

use super::decoded::{Decoded, Front, Reader, Unit};
use crate::search::spans::{Set, table};

/// The possible separators of two bytes.
const SEPARATORS: [&[u8]; 7] = [b", 0x", b",0x", b" 0x", b" ", b":", b"-", b""];

/// The maximum number of bytes of a line break and of the blanks in front of the next line.
const MAX_BREAK: usize = 64;

/// The value of each hexadecimal digit, and [`NO_DIGIT`] for other bytes.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut n: u8 = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < 16 {
        digits[b"0123456789abcdef"[n as usize] as usize] = n;
        digits[b"0123456789ABCDEF"[n as usize] as usize] = n;
        n += 1;
    }
    digits
};
const NO_DIGIT: u8 = 128;

/// Returns the value of a hexadecimal digit, or at least 16.
#[inline]
pub(super) fn digit_or_more(b: u8) -> u8 {
    DIGITS.get(usize::from(b)).copied().unwrap_or(NO_DIGIT)
}

/// Returns the value of a hexadecimal digit.
pub(in crate::detect) fn digit(b: u8) -> Option<u8> {
    Some(digit_or_more(b)).filter(|&digit| digit < 16)
}

/// Hexadecimal digits.
pub(super) struct Digits;

impl Set for Digits {
    const TABLE: [bool; 256] = table(b"0123456789abcdefABCDEF");

    #[inline]
    fn has(b: u8) -> bool {
        ((b | 0x20).wrapping_sub(b'a') < 6) | (b.wrapping_sub(b'0') < 10)
    }
}

pub(super) fn is_digit(b: u8) -> bool {
    Digits::contains(b)
}

/// If a line ends behind a byte, returns what follows the first byte of the next line. Between the two may be what
/// separates any two bytes.
fn next_byte_of_line(behind: &[u8]) -> Option<&[u8]> {
    let blanks = |text: &[u8]| text.iter().take(MAX_BREAK).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let behind = behind.strip_prefix(b",").or_else(|| behind.strip_prefix(b":")).unwrap_or(behind);
    let behind = behind.get(blanks(behind)..)?;
    let line = behind.strip_prefix(b"\r\n").or_else(|| behind.strip_prefix(b"\n"))?;
    let line = line.get(blanks(line)..)?;
    line.strip_prefix(b"0x").unwrap_or(line).get(2..)
}

fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    Some(digit(*bytes.get(at)?)? << 4 | digit(*bytes.get(at + 1)?)?)
}

/// Reads from the first digit of a byte.
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
        // The end of a line does not show the separator between the bytes of a line.
        let behind = next_byte_of_line(behind).unwrap_or(behind);
        let separator = SEPARATORS.into_iter().find(|separator| behind.starts_with(separator));
        Self { bytes, at, separator: separator.unwrap_or_default(), limit }
    }

    /// Returns true if there is no separator.
    pub(super) fn is_dense(&self) -> bool {
        self.separator.is_empty()
    }

    /// Returns the parts of the separator at the end of a line and at the start of the next line.
    fn parts(&self) -> (&'static [u8], &'static [u8]) {
        match self.separator {
            b", 0x" | b",0x" => (b",", b"0x"),
            b" 0x" => (b"", b"0x"),
            b" " => (b"", b""),
            whole => (whole, b""),
        }
    }

    /// Returns the start of the next byte, if a byte ends at `at`. `Err` means that the bytes end before a
    /// decision is possible.
    fn next_byte(&self, at: usize) -> Result<Option<usize>, ()> {
        let behind = self.bytes.get(at..).unwrap_or_default();
        let (end, start) = self.parts();
        let cut = |text: &[u8], wanted: &[u8]| text.len() < wanted.len() && wanted.starts_with(text);
        let next_line = || {
            let rest = behind.strip_prefix(end)?;
            if rest == b"\r" {
                return Some(Err(()));
            }
            let line = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
            let blanks = line.iter().take(MAX_BREAK).take_while(|&&b| b == b' ' || b == b'\t').count();
            let line = line.get(blanks..)?;
            let digits = line.strip_prefix(start);
            if cut(line, start) || digits.is_some_and(|digits| digits.len() < 2) {
                return Some(Err(()));
            }
            let digits = digits?;
            byte(digits, 0).map(|_| Ok(Some(at + behind.len() - digits.len())))
        };
        if let Some(next) = next_line() {
            return next;
        }
        if behind.starts_with(self.separator) {
            return Ok(Some(at + self.separator.len()));
        }
        if cut(behind, self.separator) || cut(behind, end) { Err(()) } else { Ok(None) }
    }

    /// Returns the start of the previous byte, if a byte begins at `at`.
    fn previous_byte(&self, at: usize) -> Option<usize> {
        let head = self.bytes.get(..at)?;
        let (end, start) = self.parts();
        let last_line = || {
            let line = head.strip_suffix(start)?;
            let blanks = line.iter().rev().take(MAX_BREAK).take_while(|&&b| b == b' ' || b == b'\t').count();
            let line = line.get(..line.len() - blanks)?.strip_suffix(b"\n")?;
            line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(end)
        };
        let head = last_line().or_else(|| head.strip_suffix(self.separator))?;
        let start = head.len().checked_sub(2)?;
        byte(self.bytes, start).map(|_| start)
    }

    /// Returns true if a line ends at `at`.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let behind = self.bytes.get(at..).unwrap_or_default();
        let behind = behind.strip_prefix(self.parts().0).unwrap_or(behind);
        behind.starts_with(b"\n") || behind.starts_with(b"\r\n")
    }

    /// Decodes the bytes in front of this byte. Bytes on an earlier line may be unrelated.
    pub(super) fn front(&self, wanted: usize) -> Front {
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut at = self.at;
        while places.len() < wanted {
            let Some(start) = self.previous_byte(at) else { break };
            places.push(start..start + 2);
            at = start;
        }
        let is_loose = places.first().is_some_and(|place| self.ends_line(place.end));
        let mut decoded = Decoded::default();
        for place in places.into_iter().rev() {
            decoded.push(byte(self.bytes, place.start).unwrap_or_default(), place);
        }
        Front { decoded, is_loose }
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
        match self.next_byte(at + 2) {
            Ok(Some(next)) => self.at = next,
            // The next call reports the end of the bytes.
            Err(()) => self.at = self.bytes.len(),
            Ok(None) => self.limit = 0,
        }
        Unit::Byte(high << 4 | low, at..at + 2)
    }
}
