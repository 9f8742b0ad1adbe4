//! The extent of an encoded text, which determines the offset, line and column of a token in the text. A run
//! may be longer than the part of a stream that is kept, so counts are carried along. Only the run at the
//! end of a piece is counted, because no other run can continue.

use super::counted::{Place, Text};
use super::hex::{Digits, Hex, digit, digit_or_more};
use super::lined::Lined;
use super::wide::is_character;
use super::{Decoding, KEPT, Token};
use crate::search::spans::{Set, at_end, at_start, table};

/// The runs at the end of the bytes that have passed.
#[derive(Debug, Clone, Default)]
pub(in crate::detect) struct Runs {
    base64: Lined,
    wide: [WideRun; 2],
    hex: HexRun,
}

impl Runs {
    /// Counts bytes that pass.
    pub(in crate::detect) fn pass(&mut self, bytes: &[u8]) {
        self.base64.pass(bytes);
        for (run, width) in self.wide.iter_mut().zip([2, 4]) {
            run.pass(bytes, width);
        }
        self.hex.pass(bytes);
    }

    /// Returns a copy of the counts for looking ahead.
    pub(in crate::detect) fn ahead(&self) -> Ahead {
        Ahead { runs: self.clone(), base64: 0, wide: [0; 2], hex: 0 }
    }
}

/// A count over bytes that have not passed yet. Offsets must be queried in ascending order.
pub(in crate::detect) struct Ahead {
    runs: Runs,
    /// The offset that each count has reached.
    base64: usize,
    wide: [usize; 2],
    hex: usize,
}

impl Ahead {
    /// Returns the place of a token in its own content.
    pub(in crate::detect) fn place(&mut self, bytes: &[u8], token: &Token) -> Place {
        match token.content {
            Decoding::None => (token.at.start as u64, None),
            Decoding::Inner { offset, position } => (offset, position),
            Decoding::Base64 { at, alignment } => {
                self.runs.base64.pass(take(bytes, &mut self.base64, at));
                let line = bytes.get(at..token.at.end).unwrap_or_default();
                self.runs.base64.place(line, alignment)
            }
            Decoding::Wide { at, width } => {
                let [narrow, broad] = &mut self.runs.wide;
                let [narrow_at, broad_at] = &mut self.wide;
                let (run, from) = if width == 2 { (narrow, narrow_at) } else { (broad, broad_at) };
                run.pass(take(bytes, from, at), width);
                if run.phase == 0 { run.text.place() } else { Text::default().place() }
            }
            Decoding::Hex { at } => {
                let reader = Hex::new(bytes, at, bytes.len());
                if reader.is_dense() {
                    self.runs.hex.pass(take(bytes, &mut self.hex, at));
                    return self.runs.hex.place();
                }
                let mut text = Text::default();
                for &b in reader.front(KEPT / 8).decoded.text.iter() {
                    text.push(b);
                }
                text.place()
            }
        }
    }
}

/// Returns the bytes from `from` up to `to`, and advances `from`.
fn take<'a>(bytes: &'a [u8], from: &mut usize, to: usize) -> &'a [u8] {
    let part = bytes.get(*from..to).unwrap_or_default();
    *from = to.max(*from);
    part
}

/// Characters of two or four bytes.
#[derive(Debug, Clone, Default)]
struct WideRun {
    text: Text,
    /// The character whose NULs are incomplete.
    pending: u8,
    /// The number of bytes of the character that have been read.
    phase: usize,
}

impl WideRun {
    fn pass(&mut self, bytes: &[u8], width: usize) {
        // In each `width` consecutive bytes of a run, exactly one is not a NUL. Most pieces end with other
        // bytes.
        let breaks = |n: usize| {
            let window = bytes.get(n..n + width)?;
            let mut set = window.iter().enumerate().filter(|&(_, &b)| b != 0).map(|(at, _)| n + at);
            match (set.next(), set.next_back()) {
                (None, _) => Some(n + width),
                (Some(_), last) => last,
            }
        };
        let start = (0..(bytes.len() + 1).saturating_sub(width)).rev().find_map(breaks);
        if let Some(start) = start {
            *self = Self::default();
            self.step_all(bytes.get(start..).unwrap_or_default(), width);
        } else {
            self.step_all(bytes, width);
        }
    }

    fn step_all(&mut self, bytes: &[u8], width: usize) {
        for &b in bytes {
            self.step(b, width);
        }
    }

    fn step(&mut self, b: u8, width: usize) {
        if self.phase > 0 && b == 0 {
            self.phase += 1;
            if self.phase == width {
                let mut utf8 = [0; 2];
                let character = char::from(self.pending).encode_utf8(&mut utf8);
                for b in character.bytes() {
                    self.text.push(b);
                }
                self.phase = 0;
            }
            return;
        }
        if self.phase > 0 || !is_character(b) {
            *self = Self::default();
        }
        if is_character(b) {
            self.pending = b;
            self.phase = 1;
        }
    }
}

/// Hexadecimal digits and the ends of lines.
struct DigitsAndBreaks;

impl Set for DigitsAndBreaks {
    const TABLE: [bool; 256] = table(b"0123456789abcdefABCDEF\r\n");

    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "lazy operators keep the compiler from using vectors")]
    fn has(b: u8) -> bool {
        Digits::has(b) | (b == b'\r') | (b == b'\n')
    }
}

/// Consecutive hexadecimal digits, on one line or on several.
#[derive(Debug, Clone, Default)]
struct HexRun {
    text: Text,
    half: Option<u8>,
}

impl HexRun {
    fn pass(&mut self, bytes: &[u8]) {
        let len = at_end::<DigitsAndBreaks>(bytes);
        let (other, mut rest) = bytes.split_at(bytes.len() - len);
        if !other.is_empty() {
            *self = Self::default();
        }
        while let Some((&b, behind)) = rest.split_first() {
            let digits = if self.half.is_none() { at_start::<Digits>(rest) / 2 * 2 } else { 0 };
            if digits > 0 {
                let (pairs, behind) = rest.split_at(digits);
                if !self.text.skip(digits as u64 / 2) {
                    for &[high, low] in pairs.as_chunks().0 {
                        self.text.push(digit_or_more(high) << 4 | digit_or_more(low));
                    }
                }
                rest = behind;
                continue;
            }
            rest = behind;
            self.half = match (digit(b), self.half.take()) {
                (Some(low), Some(high)) => {
                    self.text.push(high << 4 | low);
                    None
                }
                (Some(high), None) => Some(high),
                (None, None) => None,
                (None, Some(_)) => {
                    *self = Self::default();
                    None
                }
            };
        }
    }

    fn place(&self) -> Place {
        let (offset, position) = self.text.place();
        (offset, position.filter(|_| self.half.is_none() || offset == 0))
    }
}
