//! Runs of base64 characters, on one line or on several lines of equal length.

use super::base64::{self, sextet};
use super::counted::{Place, Text};
use super::dense;
use crate::detect::Position;
use crate::search::spans::{at_end, at_start};

/// Consecutive base64 characters.
#[derive(Debug, Clone, Default)]
struct Characters {
    count: u64,
    /// The bits of the characters of the incomplete group.
    bits: u32,
    text: Text,
}

impl Characters {
    fn push(&mut self, characters: &[u8]) {
        let odd = usize::try_from((4 - self.count % 4) % 4).unwrap_or_default().min(characters.len());
        let (odd, rest) = characters.split_at(odd);
        self.push_each(odd);
        let groups = rest.len() as u64 / 4;
        if !self.text.skip(3 * groups) {
            for group in rest.as_chunks().0 {
                self.text.push_group(dense::bits(*group));
            }
        }
        self.count += 4 * groups;
        self.push_each(rest.chunks_exact(4).remainder());
    }

    fn push_each(&mut self, characters: &[u8]) {
        for &b in characters {
            self.bits = self.bits << 6 | u32::from(sextet(b).unwrap_or_default());
            self.count += 1;
            if self.count.is_multiple_of(4) {
                self.text.push_group(self.bits);
                self.bits = 0;
            }
        }
    }

    /// Returns the place of the text that begins `alignment` bytes after the start of a group in the next
    /// character, if that is the next position in the group.
    fn place(&self, next: u8, alignment: u8) -> Option<Place> {
        if self.count % 4 != u64::from(alignment) {
            return None;
        }
        let mut text = self.text.clone();
        let bits = self.bits << 6 | u32::from(sextet(next).unwrap_or_default());
        let [.., high, low] = (bits >> (6_u8.saturating_sub(2 * alignment))).to_be_bytes();
        match alignment {
            0 => {}
            1 => text.push(low),
            _ => {
                text.push(high);
                text.push(low);
            }
        }
        Some(text.place())
    }
}

/// Returns true if the last byte ends a text regardless of earlier bytes: it is not part of a text, or it is
/// a blank within a line. Up to two preceding bytes are given.
fn ends_text(bytes: &[u8]) -> bool {
    match *bytes {
        [.., b] if !base64::is_part(b) => true,
        [b'\\', b'n' | b'r', _] | [b'n' | b'r', _] => false,
        [.., before, b' ' | b'\t'] => base64::is_character(before),
        _ => false,
    }
}

/// Returns the last byte that ends a text.
fn last_end(bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    loop {
        // Characters end nothing, and most bytes are characters if there is a text.
        end = end.checked_sub(at_end::<base64::Characters>(bytes.get(..end)?) + 1)?;
        if ends_text(bytes.get(end.saturating_sub(2)..=end)?) {
            return Some(end);
        }
    }
}

/// Returns the start of the last line that is longer than the line before it. A text can begin only with
/// that line or a later one, regardless of earlier bytes. So only a short part of a word list has to be
/// processed.
fn last_rise(bytes: &[u8]) -> Option<usize> {
    let before = |end: usize| memchr::memrchr(b'\n', bytes.get(..end).unwrap_or_default());
    let plain = |line: &[u8]| !line.is_empty() && line.iter().all(|&b| base64::is_character(b));
    let mut end = before(bytes.len())?;
    let mut start = before(end)?;
    loop {
        let earlier = before(start)?;
        let line = bytes.get(start + 1..end).unwrap_or_default();
        let shorter = bytes.get(earlier + 1..start).unwrap_or_default();
        if shorter.len() < line.len() && plain(shorter) && plain(line) {
            return Some(start + 1);
        }
        (end, start) = (start, earlier);
    }
}

/// Base64 on lines of equal length.
#[derive(Debug, Clone, Default)]
pub(super) struct Lined {
    /// The characters of all lines.
    all: Characters,
    /// The characters of the last line, if there are several lines.
    line: Option<Characters>,
    /// The length of the last line.
    len: u64,
    /// The length of the lines before the last line.
    width: Option<u64>,
    state: State,
}

/// The last part that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Line,
    /// `\r`
    Return,
    /// A backslash.
    Slash,
    /// A spelled `\r`.
    SpelledReturn,
    /// A spelled `\r` and a backslash.
    SpelledReturnSlash,
    /// A line break and blanks.
    Break,
}

impl Lined {
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        let bytes = match last_end(bytes) {
            Some(at) => {
                *self = Self::default();
                bytes.get(at + 1..).unwrap_or_default()
            }
            None => bytes,
        };
        let mut rest = match last_rise(bytes) {
            Some(at) => {
                *self = Self::default();
                bytes.get(at..).unwrap_or_default()
            }
            None => bytes,
        };
        while let Some((&b, behind)) = rest.split_first() {
            let characters = at_start::<base64::Characters>(rest);
            if characters > 0 && matches!(self.state, State::Line | State::Break) {
                let (line, behind) = rest.split_at(characters);
                self.characters(line);
                rest = behind;
                continue;
            }
            rest = behind;
            self.other(b);
        }
    }

    fn characters(&mut self, characters: &[u8]) {
        self.state = State::Line;
        self.len += characters.len() as u64;
        if let Some(line) = &mut self.line {
            line.push(characters);
        }
        match self.line.take() {
            Some(line) if self.width.is_some_and(|width| self.len > width) => {
                self.all = line;
                self.width = None;
            }
            line => {
                self.all.push(characters);
                self.line = line;
            }
        }
    }

    /// Processes a byte that is not a character or that belongs to an escape.
    fn other(&mut self, b: u8) {
        self.state = match (self.state, b) {
            (State::Line, b'\r') => State::Return,
            (State::Line | State::Return, b'\n') | (State::Slash | State::SpelledReturnSlash, b'n') => {
                self.end_line();
                State::Break
            }
            (State::Slash, b'r') => State::SpelledReturn,
            (State::SpelledReturn, b'\\') => State::SpelledReturnSlash,
            (State::Break, b' ' | b'\t') => State::Break,
            (State::Line, b'\\') => State::Slash,
            (state, b) => {
                *self = Self::default();
                let is_escaped = matches!(state, State::Slash | State::SpelledReturnSlash);
                if b == b'\\' && !is_escaped {
                    State::Slash
                } else {
                    if let (false, Some(_)) = (is_escaped, sextet(b)) {
                        self.characters(&[b]);
                    }
                    State::Line
                }
            }
        };
    }

    fn end_line(&mut self) {
        if self.len == 0 || self.width.is_some_and(|width| self.len != width) {
            *self = Self::default();
            return;
        }
        self.width = Some(self.len);
        self.len = 0;
        self.line = Some(Characters::default());
    }

    /// Returns the place of a token. `encoded` is the encoded text from the first character of the token on.
    pub(super) fn place(&self, encoded: &[u8], alignment: u8) -> Place {
        let next = encoded.first().copied().unwrap_or_default();
        let len = encoded.iter().take_while(|&&b| base64::is_character(b)).count();
        // A line that is longer than the preceding lines does not belong to them.
        let is_own = self.width.is_some_and(|width| self.len + len as u64 > width);
        let line = self.line.as_ref();
        let all = if is_own { line.unwrap_or(&self.all) } else { &self.all };
        if let Some(place) = [Some(all), line].into_iter().flatten().find_map(|c| c.place(next, alignment)) {
            return place;
        }
        // The preceding characters do not fill a group, so they are something else.
        let groups = all.count.saturating_sub(u64::from(alignment)) / 4;
        let offset = groups * 3 + if all.count > u64::from(alignment) { u64::from(alignment) } else { 0 };
        let start = Position { line: 1, column: 1 };
        (offset, (offset == 0).then_some(start))
    }
}
