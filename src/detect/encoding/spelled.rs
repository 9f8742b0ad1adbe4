//! Text with spelled characters: percent-encoding, and the escapes of JSON, programming languages, shells
//! and HTML. Also text that is concatenated from adjacent literals or continued lines.

use super::decoded::{Decoded, Reader, Unit};
use crate::detect::Encoding;

/// The maximum number of bytes between two concatenated literals, and of an escape.
const MAX_GLUE: usize = 128;

/// The maximum number of backslashes in front of one escape.
const MAX_SLASHES: usize = 8;

/// The spellings of the characters in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) percent: bool,
    pub(super) escape: bool,
    /// The text is concatenated from pieces.
    pub(super) joined: bool,
    /// The quote of the concatenated literals.
    pub(super) quote: Option<u8>,
}

impl Spelling {
    /// Returns the encodings that were used.
    pub(super) fn encodings(self) -> Vec<Encoding> {
        let all = [
            (self.joined, Encoding::Concatenation),
            (self.percent, Encoding::Percent),
            (self.escape, Encoding::Escape),
        ];
        all.into_iter().filter(|(used, _)| *used).map(|(_, encoding)| encoding).collect()
    }
}

/// Reads characters, spelled or not.
#[derive(Debug, Clone)]
pub(super) struct Spelled<'a> {
    bytes: &'a [u8],
    at: usize,
    limit: usize,
    whole_end: bool,
    /// The spellings of the characters read so far.
    pub(super) spelling: Spelling,
}

/// The element at a position.
enum Piece {
    /// A character that is spelled with `len` bytes.
    Character { byte: u8, len: usize, percent: bool },
    /// `len` bytes that spell no character.
    Glue { len: usize, quote: Option<u8> },
    /// A plain character.
    Plain,
}

/// Returns the element at the start of `rest`, or `None` for a plain character.
fn piece(rest: &[u8]) -> Option<Piece> {
    match *rest.first()? {
        b'%' => {
            // `%u0068` of JavaScript's `escape`.
            let wide = rest.get(1) == Some(&b'u');
            let (from, digits) = if wide { (2, 4) } else { (1, 2) };
            hex(rest, from, digits).map(|byte| Piece::Character { byte, len: from + digits, percent: true })
        }
        b'=' => soft_break(rest),
        b'&' => entity(rest),
        b'\\' => escape(rest),
        quote @ (b'"' | b'\'' | b'`') => literals(rest, quote),
        _ => None,
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
    let spelled = |len: usize| match piece(bytes.get(at.checked_sub(len)?..at)?) {
        Some(Piece::Character { byte, len: all, .. }) if all == len => Some((byte, at - len)),
        _ => None,
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
        Self { bytes, at, limit, whole_end, spelling: Spelling::default() }
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
            if !matches!(first, b'%' | b'\\' | b'&' | b'=' | b'"' | b'\'' | b'`') {
                self.at += 1;
                return Unit::Byte(first, at..at + 1);
            }
            if rest.len() < MAX_GLUE && !self.whole_end {
                return Unit::Cut;
            }
            let rest = rest.get(..MAX_GLUE).unwrap_or(rest);
            match piece(rest).unwrap_or(Piece::Plain) {
                Piece::Character { byte, len, percent } => {
                    self.at += len;
                    self.spelling.percent |= percent;
                    self.spelling.escape |= !percent;
                    return Unit::Byte(byte, at..at + len);
                }
                Piece::Glue { len, quote } => {
                    let mixed =
                        quote.is_some() && self.spelling.quote.is_some_and(|known| Some(known) != quote);
                    if mixed {
                        return Unit::End;
                    }
                    self.at += len;
                    self.spelling.joined = true;
                    self.spelling.quote = self.spelling.quote.or(quote);
                }
                Piece::Plain => {
                    self.at += 1;
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
            return Some(Piece::Glue { len: 1 + newline.len(), quote: None });
        }
    }
    let is_upper = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let digits = behind.get(..2).filter(|digits| digits.iter().all(is_upper))?;
    Some(Piece::Character { byte: number(digits, 16)?, len: 3, percent: false })
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
    Some(Piece::Character { byte, len: end + 1, percent: false })
}

/// Reads an escape that begins with a backslash. JSON inside JSON has several backslashes in a row.
fn escape(rest: &[u8]) -> Option<Piece> {
    let slashes = rest.iter().take(MAX_SLASHES).take_while(|&&b| b == b'\\').count();
    let behind = rest.get(slashes..)?;
    let spelled = |byte: Option<u8>, len: usize| {
        byte.map(|byte| Piece::Character { byte, len: slashes + len, percent: false })
    };
    match behind {
        [b'x', ..] => spelled(hex(behind, 1, 2), 3),
        [b'u', b'{', inner @ ..] => {
            let end = inner.iter().take(9).position(|&b| b == b'}')?;
            spelled(number(inner.get(..end)?, 16), end + 3)
        }
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
            Some(Piece::Glue { len: slashes + newline + blanks, quote: None })
        }
        [quote @ (b'"' | b'\''), ..] => literals(rest, *quote),
        _ => None,
    }
}

/// Reads the end of a literal and the start of the next one, if the two are concatenated: by `+`, `.`, `..`,
/// `~`, `<>`, `||` or `&`, or because they are adjacent. `rest` begins with the quote, or with the
/// backslashes in front of it. The backslashes must be the same in front of both quotes.
fn literals(rest: &[u8], quote: u8) -> Option<Piece> {
    let slashes = rest.iter().take_while(|&&b| b == b'\\').count();
    let mark = rest.get(..=slashes)?;
    let blanks = |at: usize| {
        let rest = rest.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
    };
    let mut at = blanks(mark.len());
    for operator in [&b"+"[..], b"..", b".", b"~", b"<>", b"||", b"&", b"\\"] {
        if rest.get(at..)?.starts_with(operator) {
            at = blanks(at + operator.len());
            break;
        }
    }
    // `f"…"`, `r"…"`
    if let Some([b'f' | b'r' | b'b' | b'u' | b'F' | b'R' | b'B' | b'U', next]) = rest.get(at..at + 2)
        && *next == quote
        && slashes == 0
        && at > mark.len()
    {
        at += 1;
    }
    rest.get(at..)?.starts_with(mark).then_some(Piece::Glue { len: at + mark.len(), quote: Some(quote) })
}
