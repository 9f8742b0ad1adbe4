//! Text with spelled characters: percent-encoding, and the escapes of JSON, programming languages, shells
//! and HTML. Also text that is concatenated from adjacent literals or continued lines.

use super::decoded::{Decoded, Reader, Unit};
use super::joined::{bare, inserted, literals, opening};
use super::piece::{MAX_GLUE, MAX_SLASHES, Piece, is_sign};
use crate::detect::Encoding;
use crate::detect::shape::SHORTEST;

/// The maximum number of times that the sign of one percent-encoding is itself encoded.
const MAX_SIGNS: usize = 8;

/// The spellings of the characters in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The number of times that a character is percent-encoded.
    pub(super) percent: u8,
    pub(super) escape: bool,
    /// The text is concatenated from pieces.
    pub(super) joined: bool,
    /// The pieces are items of a list.
    pub(super) is_list: bool,
    /// The quote of the last literal that was joined, unless a bare word came after it.
    pub(super) quote: Option<u8>,
}

impl Spelling {
    /// Returns the encodings that were used.
    pub(super) fn encodings(self) -> Vec<Encoding> {
        let all = [
            (u8::from(self.joined), Encoding::Concatenation),
            (self.percent, Encoding::Percent),
            (u8::from(self.escape), Encoding::Escape),
        ];
        all.into_iter().flat_map(|(times, encoding)| (0..times).map(move |_| encoding)).collect()
    }
}

/// Reads characters, spelled or not.
#[derive(Debug, Clone)]
pub(super) struct Spelled<'a> {
    bytes: &'a [u8],
    at: usize,
    limit: usize,
    whole_end: bool,
    /// The number of characters read so far.
    count: usize,
    /// The spellings of the characters read so far.
    pub(super) spelling: Spelling,
}

/// Returns the element at the start of `rest`, or `None` for a plain character.
fn piece(rest: &[u8]) -> Option<Piece> {
    match *rest.first()? {
        b'%' => {
            // `%u0068` of JavaScript's `escape`.
            let wide = rest.get(1) == Some(&b'u');
            let (from, digits) = if wide { (2, 4) } else { (1, 2) };
            // `%255F`: the sign itself may be encoded, any number of times.
            let signs = rest.get(1..)?.chunks(2).take_while(|pair| pair == b"25").take(MAX_SIGNS).count();
            let (from, signs) = if wide { (from, 0) } else { (from + 2 * signs, signs) };
            let spelled = |from: usize, percent: u8| {
                let byte = hex(rest, from, digits)?;
                Some(Piece::Character { byte, len: from + digits, percent })
            };
            let times = u8::try_from(signs).unwrap_or_default() + 1;
            spelled(from, times)
                .or_else(|| spelled(if wide { 2 } else { 1 }, 1))
                .or_else(|| inserted(rest, 1))
        }
        b'=' => soft_break(rest),
        b'U' => code_point(rest),
        0x1b => control(rest, 1),
        b'$' => opening(rest, 2, rest.starts_with(b"${")).or_else(|| opening(rest, 1, true)),
        b'{' => inserted(rest, 1).or_else(|| opening(rest, 1, true)),
        b'&' => entity(rest),
        b'\\' => match escape(rest)? {
            spelled @ Piece::Character { byte: 0x1b, len, .. } => control(rest, len).or(Some(spelled)),
            other => Some(other),
        },
        quote @ (b'"' | b'\'' | b'`') => literals(rest, quote),
        _ => None,
    }
}

/// Returns the character that is spelled at the start of `rest`, the length of its spelling, and the number of
/// times that it is percent-encoded.
pub(in crate::detect) fn character(rest: &[u8]) -> Option<(u8, usize, u8)> {
    match piece(rest)? {
        Piece::Character { byte, len, percent } => Some((byte, len, percent)),
        Piece::Glue { .. } | Piece::Control { .. } | Piece::Plain => None,
    }
}

/// Returns the start of the escape at `at`, including any further backslashes in front of it.
pub(super) fn first_slash(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'\\') {
        return at;
    }
    let head = bytes.get(..at).unwrap_or_default();
    at - head.iter().rev().take(MAX_SLASHES - 1).take_while(|&&b| b == b'\\').count()
}

/// Decodes the text in front of `at`. Only the last character may be spelled, because it decides whether a
/// text begins here. The other characters are taken as they are.
pub(super) fn front(bytes: &[u8], at: usize, wanted: usize) -> Decoded {
    let spelled = |len: usize| {
        let text = bytes.get(at.checked_sub(len)?..at)?;
        // The blank behind a code point belongs to it if another one follows.
        let more = if text.starts_with(b"U+") { 2 } else { 0 };
        match piece(bytes.get(at - len..at + more).unwrap_or(text)) {
            Some(Piece::Character { byte, len: all, .. }) if all == len => Some((byte, at - len)),
            _ => None,
        }
    };
    let last = (3..=10).find_map(spelled);
    let end = last.map_or(at, |(_, start)| start);
    let start = at.saturating_sub(wanted).min(end);
    let mut decoded = Decoded::default();
    for (place, &b) in (start..).zip(bytes.get(start..end).unwrap_or_default()) {
        decoded.push(b, place..place + 1);
    }
    if let Some((byte, start)) = last {
        decoded.push(byte, start..at);
    }
    decoded
}

impl<'a> Spelled<'a> {
    /// Creates a reader for the text at `at`. `whole_end` is true if the content ends with `bytes`.
    pub(super) fn new(bytes: &'a [u8], at: usize, limit: usize, whole_end: bool) -> Self {
        Self { bytes, at, limit, whole_end, count: 0, spelling: Spelling::default() }
    }
}

impl Spelled<'_> {
    /// Returns the bytes after the last character, whatever they spell.
    pub(super) fn behind(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl Reader for Spelled<'_> {
    fn next(&mut self) -> Unit {
        loop {
            if self.at >= self.limit {
                return Unit::End;
            }
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(&first) = rest.first() else { return Unit::Cut };
            let at = self.at;
            if !is_sign(first) {
                self.at += 1;
                self.count += 1;
                return Unit::Byte(first, at..at + 1);
            }
            if rest.len() < MAX_GLUE && !self.whole_end {
                return Unit::Cut;
            }
            let rest = rest.get(..MAX_GLUE).unwrap_or(rest);
            match piece(rest).unwrap_or(Piece::Plain) {
                Piece::Character { byte, len, percent } => {
                    self.at += len;
                    self.count += 1;
                    self.spelling.percent = self.spelling.percent.max(percent);
                    self.spelling.escape |= percent == 0;
                    return Unit::Byte(byte, at..at + len);
                }
                Piece::Glue { len, quote, is_list } => {
                    self.at += len;
                    self.spelling.joined = true;
                    self.spelling.is_list |= is_list;
                    self.spelling.quote = quote.or(self.spelling.quote);
                }
                Piece::Control { len } => {
                    self.at += len;
                    self.spelling.escape = true;
                }
                Piece::Plain => {
                    // A quote behind a whole token ends it.
                    if let Some(len) = bare(rest).filter(|_| self.count < SHORTEST) {
                        self.at += len;
                        self.spelling.joined = true;
                        self.spelling.quote = None;
                        continue;
                    }
                    self.at += 1;
                    self.count += 1;
                    return Unit::Byte(first, at..at + 1);
                }
            }
        }
    }
}

/// Returns the byte that `digits` hexadecimal digits spell.
fn hex(rest: &[u8], from: usize, digits: usize) -> Option<u8> {
    number(rest.get(from..from + digits)?, 16)
}

/// Returns the ASCII character with the given number.
fn number(digits: &[u8], radix: u32) -> Option<u8> {
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(|&b| char::from(b).is_digit(radix)) {
        return None;
    }
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    u8::try_from(value).ok().filter(u8::is_ascii)
}

/// Reads a quoted-printable escape such as `=5F`, or the `=` at the end of a continued line.
fn soft_break(rest: &[u8]) -> Option<Piece> {
    let behind = rest.get(1..)?;
    for newline in [&b"\r\n"[..], b"\n"] {
        if behind.starts_with(newline) {
            return Some(Piece::Glue { len: 1 + newline.len(), quote: None, is_list: false });
        }
    }
    let is_upper = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let digits = behind.get(..2).filter(|digits| digits.iter().all(is_upper))?;
    Some(Piece::Character { byte: number(digits, 16)?, len: 3, percent: 0 })
}

/// Reads a terminal's control sequence (ECMA-48, section 5.4), or the choice of a character set (ECMA-35, section
/// 14.3), whose escape character has `from` bytes.
fn control(rest: &[u8], from: usize) -> Option<Piece> {
    let behind = rest.get(from..)?;
    if let [b'(' | b')', 0x30..=0x7e, ..] = behind {
        return Some(Piece::Control { len: from + 2 });
    }
    let parameters = behind.strip_prefix(b"[")?;
    let len = parameters.iter().take(24).take_while(|b| matches!(b, 0x20..=0x3f)).count();
    matches!(parameters.get(len)?, 0x40..=0x7e).then_some(Piece::Control { len: from + 1 + len + 1 })
}

/// Reads a code point such as `U+0068`, and the blank, comma or line break in front of another one.
fn code_point(rest: &[u8]) -> Option<Piece> {
    let digits = rest.strip_prefix(b"U+")?;
    let len = if digits.starts_with(b"0000") { 6 } else { 4 };
    let byte = number(digits.get(..len)?, 16)?;
    let behind = digits.get(len..)?;
    let between = [&b" "[..], b"\n", b"\r\n", b",", b", ", b",\n", b"\t"];
    let is_between = |text: &&[u8]| behind.strip_prefix(*text).is_some_and(|rest| rest.starts_with(b"U+"));
    let between = between.into_iter().find(is_between).map_or(0, <[u8]>::len);
    Some(Piece::Character { byte, len: 2 + len + between, percent: 0 })
}

/// Reads an HTML entity: `&#95;`, `&#x5f;`, `&lowbar;`.
fn entity(rest: &[u8]) -> Option<Piece> {
    let end = rest.iter().take(12).position(|&b| b == b';')?;
    let byte = match rest.get(1..end)? {
        b"lowbar" | b"UnderBar" => b'_',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some(Piece::Character { byte, len: end + 1, percent: 0 })
}

/// Reads an escape that begins with a backslash. JSON inside JSON has several backslashes in a row.
fn escape(rest: &[u8]) -> Option<Piece> {
    let slashes = rest.iter().take(MAX_SLASHES).take_while(|&&b| b == b'\\').count();
    let behind = rest.get(slashes..)?;
    let spelled = |byte: Option<u8>, len: usize| {
        byte.map(|byte| Piece::Character { byte, len: slashes + len, percent: 0 })
    };
    match behind {
        [b'x' | b'u', b'{', inner @ ..] => {
            let digits = inner.iter().take(MAX_GLUE).take_while(|b| b.is_ascii_hexdigit()).count();
            let zeros = inner.iter().take(digits.saturating_sub(1)).take_while(|&&b| b == b'0').count();
            let is_closed = inner.get(digits) == Some(&b'}');
            spelled(number(inner.get(zeros..digits)?, 16).filter(|_| is_closed), digits + 3)
        }
        [b'x', ..] => spelled(hex(behind, 1, 2), 3),
        [b'u', ..] => spelled(hex(behind, 1, 4), 5),
        [b'U', ..] => spelled(hex(behind, 1, 8), 9),
        // `\0137` of `echo -e`, `\137` of everything else.
        [b'0', b'0' | b'1', _, _, ..] if number(behind.get(1..4)?, 8).is_some() => {
            spelled(number(behind.get(1..4)?, 8), 4)
        }
        [b'0' | b'1', _, _, ..] => spelled(number(behind.get(..3)?, 8), 3),
        [b'_', ..] => spelled(Some(b'_'), 1),
        [b'\r', b'\n', ..] | [b'\n', ..] => {
            let newline = if behind.first() == Some(&b'\r') { 2 } else { 1 };
            let blanks = behind.get(newline..)?.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
            Some(Piece::Glue { len: slashes + newline + blanks, quote: None, is_list: false })
        }
        [quote @ (b'"' | b'\''), ..] => literals(rest, *quote),
        _ => None,
    }
}
