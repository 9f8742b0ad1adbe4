//! Hides secrets that were found in a target, whatever their shape, in the texts of its report.
//!
//! A secret may be spelled in many ways: in quoted pieces, escaped, continued over lines, encoded. It may also be
//! cut. So the texts are not searched for whole secrets, but for any [`WIDTH`] letters and digits in a row of
//! one, in each reading of the text.

mod reading;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::Arc;

use super::Masked;
use crate::detect::decoded_forms;
use reading::{Unit, readings};

/// The number of characters in a row that may not be shown.
const WIDTH: usize = 6;
/// The number of encodings within each other that are undone.
const DEPTH: usize = 2;

/// The secrets of one report. Of their texts, only salted pieces are kept.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// The pieces of letters and digits.
    words: Pieces,
    /// The pieces of secrets with few letters and digits, with all their characters.
    signs: Pieces,
    /// Masked texts that were looked at before. Many findings share one.
    known: HashMap<*const u8, (Arc<str>, Masked)>,
}

/// A set of texts of [`WIDTH`] bytes.
#[derive(Debug, Default)]
struct Pieces {
    salt: u64,
    sorted: Vec<u64>,
    /// A bit for each possible start of a number in `sorted`, which most pieces of other texts do not have.
    starts: Vec<u64>,
}

/// The number of bits of a number that select a bit of [`Pieces::starts`].
const START: u32 = 18;

impl Secrets {
    /// Takes the secrets of a report. Returns `None` if there are none.
    pub(crate) fn new<'a>(secrets: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let (mut words, mut signs) = (Pieces::new(), Pieces::new());
        let mut is_empty = true;
        let mut add = |secret: &[u8]| {
            let plain = || secret.iter().copied().filter(|&byte| is_word(byte));
            if plain().count() >= WIDTH {
                words.add(plain());
            } else {
                signs.add(secret.iter().copied());
            }
        };
        for secret in secrets {
            is_empty = false;
            add(secret);
            for decoded in decoded_forms(secret) {
                add(&decoded);
            }
        }
        words.seal();
        signs.seal();
        (!is_empty).then(|| Self { words, signs, known: HashMap::new() })
    }

    /// Returns a text without the secrets.
    pub(crate) fn hide(&mut self, text: &Masked) -> Masked {
        let key = text.0.as_ptr();
        if let Some((_, hidden)) = self.known.get(&key).filter(|(known, _)| known.len() == text.0.len()) {
            return hidden.clone();
        }
        let hidden = match self.hidden(text.0.as_bytes()) {
            Some(hidden) => Masked(String::from_utf8_lossy(&hidden).into()),
            None => text.clone(),
        };
        // The text is kept, so that no other one takes its address.
        self.known.insert(key, (Arc::clone(&text.0), hidden.clone()));
        hidden
    }

    /// Returns the bytes without the secrets, or `None` if they hold none.
    pub(crate) fn hidden(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut ranges = self.ranges(text);
        if ranges.is_empty() {
            return None;
        }
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for range in ranges {
            if range.start >= done {
                out.extend_from_slice(text.get(done..range.start).unwrap_or_default());
                if !out.ends_with("…".as_bytes()) {
                    out.extend_from_slice("…".as_bytes());
                }
            }
            done = done.max(range.end);
        }
        out.extend_from_slice(text.get(done..).unwrap_or_default());
        Some(out)
    }

    fn ranges(&self, text: &[u8]) -> Vec<Range<usize>> {
        let units = text.iter().enumerate().map(|(at, &byte)| Unit { byte, start: at, end: at + 1 });
        let mut ranges = Vec::new();
        self.find(&units.collect::<Vec<_>>(), DEPTH, &mut ranges);
        ranges
    }

    fn find(&self, units: &[Unit], depth: usize, ranges: &mut Vec<Range<usize>>) {
        self.words.find(units.iter().filter(|unit| is_word(unit.byte) || unit.byte == b' '), true, ranges);
        self.signs.find(units.iter(), false, ranges);
        for reading in readings(units) {
            if let Some(depth) = depth.checked_sub(1) {
                self.find(&reading, depth, ranges);
            }
        }
    }
}

/// Returns true for bytes that quotes, escapes and signs leave as they are.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

impl Pieces {
    fn new() -> Self {
        Self { salt: RandomState::new().hash_one(WIDTH), sorted: Vec::new(), starts: Vec::new() }
    }

    /// Returns the number of a piece. Each piece has its own.
    fn number(&self, piece: u64) -> u64 {
        (piece ^ self.salt).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn add(&mut self, text: impl Iterator<Item = u8>) {
        let mut window = Window::default();
        for byte in text {
            if let Some(piece) = window.push(byte) {
                self.sorted.push(self.number(piece));
            }
        }
    }

    fn seal(&mut self) {
        self.sorted.sort_unstable();
        self.sorted.dedup();
        self.starts = if self.sorted.is_empty() { Vec::new() } else { vec![0; 1 << (START - 6)] };
        for number in &self.sorted {
            let (word, bit) = start_of(*number);
            if let Some(word) = self.starts.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn has(&self, piece: u64) -> bool {
        let number = self.number(piece);
        let (word, bit) = start_of(number);
        self.starts.get(word).is_some_and(|word| word & bit != 0)
            && self.sorted.binary_search(&number).is_ok()
    }

    /// Finds pieces among units. With `blanks`, a blank between two words that stand side by side ends a piece.
    fn find<'u>(&self, units: impl Iterator<Item = &'u Unit>, blanks: bool, ranges: &mut Vec<Range<usize>>) {
        if self.sorted.is_empty() {
            return;
        }
        let mut window = Window::default();
        let mut starts = [0; WIDTH];
        let mut count = 0;
        let mut before: Option<&Unit> = None;
        let mut blank = false;
        for unit in units {
            if blanks && unit.byte == b' ' {
                // Nothing but blanks since the last word: no quote, backslash or line break joins the two.
                blank =
                    before.is_some_and(|before| before.end == unit.start && (blank || before.byte != b' '));
                before = Some(unit);
                continue;
            }
            if blank && before.is_some_and(|before| before.end == unit.start) {
                window = Window::default();
            }
            blank = false;
            before = Some(unit);
            starts.rotate_left(1);
            if let Some(last) = starts.last_mut() {
                *last = unit.start;
            }
            count += 1;
            let Some(piece) = window.push(unit.byte).filter(|_| count >= WIDTH) else { continue };
            if self.has(piece) {
                let start = starts.first().copied().unwrap_or_default();
                match ranges.last_mut() {
                    Some(last) if last.start <= start && start <= last.end => {
                        last.end = last.end.max(unit.end);
                    }
                    _ => ranges.push(start..unit.end),
                }
            }
        }
    }
}

fn start_of(number: u64) -> (usize, u64) {
    let bit = number >> (64 - START);
    (usize::try_from(bit >> 6).unwrap_or_default(), 1 << (bit & 63))
}

/// The last bytes of a text.
#[derive(Default)]
struct Window {
    bytes: u64,
    len: usize,
}

impl Window {
    /// Returns the last [`WIDTH`] bytes, if there are as many.
    fn push(&mut self, byte: u8) -> Option<u64> {
        self.bytes = (self.bytes << 8 | u64::from(byte)) & ((1 << (8 * WIDTH)) - 1);
        self.len = (self.len + 1).min(WIDTH);
        (self.len == WIDTH).then_some(self.bytes)
    }
}

#[cfg(test)]
mod tests;
