//! How far an encoded text goes back, and so at which offset, line and column of it a token stands. A run may
//! be longer than what is kept of a stream, so that a count is carried along: of the run in which a piece
//! ends, since only that one goes on.

use super::base64::sextet;
use super::hex::Hex;
use super::wide::is_character;
use super::{Decoding, KEPT, Token};
use crate::detect::position::Lines;
use crate::finding::Position;

/// An offset, and the line and column there.
pub(in crate::detect) type Place = (u64, Option<Position>);

/// The runs in which what has gone by ends.
#[derive(Debug, Clone, Default)]
pub(in crate::detect) struct Runs {
    base64: Lined,
    wide: [WideRun; 2],
    hex: HexRun,
}

impl Runs {
    /// Counts bytes that go by.
    pub(in crate::detect) fn pass(&mut self, bytes: &[u8]) {
        self.base64.pass(bytes);
        for (run, width) in self.wide.iter_mut().zip([2, 4]) {
            run.pass(bytes, width);
        }
        self.hex.pass(bytes);
    }

    /// A count that starts where this one is, for looking ahead.
    pub(in crate::detect) fn ahead(&self) -> Ahead {
        Ahead { runs: self.clone(), base64: 0, wide: [0; 2], hex: 0 }
    }
}

/// A count over bytes that have not gone by yet, asked in rising order.
pub(in crate::detect) struct Ahead {
    runs: Runs,
    /// How far each of the counts has come.
    base64: usize,
    wide: [usize; 2],
    hex: usize,
}

impl Ahead {
    /// Where a token stands in its own content.
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
                text.push(&reader.front(KEPT / 8).text);
                text.place()
            }
        }
    }
}

/// The bytes from where a count has come up to `to`.
fn take<'a>(bytes: &'a [u8], from: &mut usize, to: usize) -> &'a [u8] {
    let part = bytes.get(*from..to).unwrap_or_default();
    *from = to.max(*from);
    part
}

/// Decoded text that has gone by.
#[derive(Debug, Clone, Default)]
struct Text {
    len: u64,
    lines: Lines,
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        self.lines.look_for_nul(self.len, bytes);
        self.lines.pass(bytes);
        self.len += bytes.len() as u64;
    }

    fn place(&self) -> Place {
        (self.len, self.lines.cursor().position(&[], 0))
    }
}

/// Base64 characters in a row.
#[derive(Debug, Clone, Default)]
struct Characters {
    count: u64,
    /// Those of the group that is not whole.
    bits: u32,
    text: Text,
}

impl Characters {
    fn push(&mut self, characters: &[u8]) {
        /// How many are decoded at once: whole groups.
        const AT_ONCE: usize = 4096;
        let odd = usize::try_from((4 - self.count % 4) % 4).unwrap_or_default().min(characters.len());
        let (odd, rest) = characters.split_at(odd);
        for piece in std::iter::once(odd).chain(rest.chunks(AT_ONCE)) {
            let mut decoded = zeroize::Zeroizing::new(Vec::with_capacity(AT_ONCE / 4 * 3));
            for &b in piece {
                self.bits = self.bits << 6 | u32::from(sextet(b).unwrap_or_default());
                self.count += 1;
                if self.count % 4 == 0 {
                    decoded.extend(self.bits.to_be_bytes().into_iter().skip(1));
                    self.bits = 0;
                }
            }
            self.text.push(&decoded);
        }
    }

    /// The place of the text that begins `alignment` bytes behind the start of a group in the next
    /// character, where that is what comes next.
    fn place(&self, next: u8, alignment: u8) -> Option<Place> {
        if self.count % 4 != u64::from(alignment) {
            return None;
        }
        let mut text = self.text.clone();
        let bits = self.bits << 6 | u32::from(sextet(next).unwrap_or_default());
        let [.., high, low] = (bits >> (6_u8.saturating_sub(2 * alignment))).to_be_bytes();
        match alignment {
            0 => {}
            1 => text.push(&[low]),
            _ => text.push(&[high, low]),
        }
        Some(text.place())
    }
}

/// Base64 on lines of equal length.
#[derive(Debug, Clone, Default)]
struct Lined {
    /// All lines.
    all: Characters,
    /// The last line, where it is not the only one.
    line: Option<Characters>,
    /// How long it is.
    len: u64,
    /// How long those before it are.
    width: Option<u64>,
    state: State,
}

/// What was read last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Line,
    /// `\r`
    Return,
    /// A backslash.
    Slash,
    /// `\r` as it is spelled.
    SpelledReturn,
    /// The same, and a backslash.
    SpelledReturnSlash,
    /// The end of a line, and blanks.
    Break,
}

impl Lined {
    fn pass(&mut self, bytes: &[u8]) {
        let is_part = |b: &u8| sextet(*b).is_some() || b"\r\n \t\\".contains(b);
        let bytes = match bytes.iter().rposition(|b| !is_part(b)) {
            Some(at) => {
                *self = Self::default();
                bytes.get(at + 1..).unwrap_or_default()
            }
            None => bytes,
        };
        let mut rest = bytes;
        while let Some((&b, behind)) = rest.split_first() {
            let characters = rest.iter().take_while(|&&b| sextet(b).is_some()).count();
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

    /// A byte that is no character, or that belongs to an escape.
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

    /// The place of a token of which `encoded` is the text, from its first character on.
    fn place(&self, encoded: &[u8], alignment: u8) -> Place {
        let next = encoded.first().copied().unwrap_or_default();
        let len = encoded.iter().take_while(|&&b| sextet(b).is_some()).count();
        // A line longer than those before it does not belong to them.
        let is_own = self.width.is_some_and(|width| self.len + len as u64 > width);
        let line = self.line.as_ref();
        let all = if is_own { line.unwrap_or(&self.all) } else { &self.all };
        if let Some(place) = [Some(all), line].into_iter().flatten().find_map(|c| c.place(next, alignment)) {
            return place;
        }
        // What is in front does not fill up a group, so it is something else.
        let groups = all.count.saturating_sub(u64::from(alignment)) / 4;
        let offset = groups * 3 + if all.count > u64::from(alignment) { u64::from(alignment) } else { 0 };
        let start = Position { line: 1, column: 1 };
        (offset, (offset == 0).then_some(start))
    }
}

/// Characters of two or four bytes.
#[derive(Debug, Clone, Default)]
struct WideRun {
    text: Text,
    /// The character of which NULs are still to come.
    pending: u8,
    /// How many bytes of it have been read.
    phase: usize,
}

impl WideRun {
    fn pass(&mut self, bytes: &[u8], width: usize) {
        // Of each few bytes in a row, one is no NUL; most pieces end with others.
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
                self.text.push(char::from(self.pending).encode_utf8(&mut utf8).as_bytes());
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

/// Hexadecimal digits in a row.
#[derive(Debug, Clone, Default)]
struct HexRun {
    text: Text,
    half: Option<u8>,
}

impl HexRun {
    fn pass(&mut self, bytes: &[u8]) {
        let bytes = match bytes.iter().rposition(|b| !b.is_ascii_hexdigit()) {
            Some(at) => {
                *self = Self::default();
                bytes.get(at + 1..).unwrap_or_default()
            }
            None => bytes,
        };
        let mut decoded = zeroize::Zeroizing::new(Vec::with_capacity(bytes.len() / 2 + 1));
        for &b in bytes {
            let digit =
                char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default();
            self.half = match self.half.take() {
                Some(high) => {
                    decoded.push(high << 4 | digit);
                    None
                }
                None => Some(digit),
            };
        }
        self.text.push(&decoded);
    }

    fn place(&self) -> Place {
        let (offset, position) = self.text.place();
        (offset, position.filter(|_| self.half.is_none() || offset == 0))
    }
}
