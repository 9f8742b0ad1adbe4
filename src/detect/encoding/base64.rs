//! Base64 (RFC 4648, sections 4 and 5): both alphabets, padded or not, on one line or on several, at any of
//! the three alignments. A line may end with `\n` or `\r\n`, plain or spelled as in JSON, and the next line
//! may begin with blanks and with the sign of a comment or of a quotation. Lines may be literals.

use super::decoded::{Decoded, Front, Reader, Unit};
use crate::search::spans::{Set, is_alphanumeric, table};

/// The maximum number of bytes between two lines.
const MAX_BREAK: usize = 128;

/// The values of [`SEXTETS`] for a byte that is not a character, and for a byte that may be between two
/// lines.
const NO_CHARACTER: u8 = 128;
const BETWEEN: u8 = 64;

/// The six bits of each character, by byte value. A table avoids branches, which random text would make
/// costly.
const SEXTETS: [u8; 256] = {
    let mut sextets = [NO_CHARACTER; 256];
    let alphabet = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    #[expect(clippy::cast_possible_truncation, reason = "up to 63")]
    {
        let mut n = 0;
        while n < 64 {
            sextets[alphabet[n] as usize] = n as u8;
            n += 1;
        }
        // The URL-safe alphabet.
        sextets[b'-' as usize] = 62;
        sextets[b'_' as usize] = 63;
        let between = *b"\r\n \t\\";
        let mut n = 0;
        while n < between.len() {
            sextets[between[n] as usize] = BETWEEN;
            n += 1;
        }
    }
    sextets
};

/// The characters of both alphabets.
pub(in crate::detect) struct Characters;

impl Set for Characters {
    const TABLE: [bool; 256] = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "lazy operators keep the compiler from using vectors")]
    fn has(b: u8) -> bool {
        is_alphanumeric(b) | (b == b'+') | (b == b'/') | (b == b'-') | (b == b'_')
    }
}

#[inline]
fn class(b: u8) -> u8 {
    SEXTETS.get(usize::from(b)).copied().unwrap_or(NO_CHARACTER)
}

/// Returns true if a byte is one of the 64 characters.
pub(super) fn is_character(b: u8) -> bool {
    Characters::contains(b)
}

/// Returns true if a byte is a character or may be between two lines of characters.
pub(super) fn is_part(b: u8) -> bool {
    class(b) < NO_CHARACTER
}

/// Returns the six bits of a character, or at least 64.
#[inline]
pub(super) fn sextet_or_more(b: u8) -> u8 {
    class(b)
}

/// Returns the six bits of a character.
pub(in crate::detect) fn sextet(b: u8) -> Option<u8> {
    Some(class(b)).filter(|&bits| bits < 64)
}

/// The ends of lines.
const NEWLINES: [&[u8]; 4] = [b"\r\n", b"\n", b"\\r\\n", b"\\n"];

/// Returns the start of the next line, if a line ends at `at`. `Err` means that the bytes end before a
/// decision is possible.
///
/// A line may begin with the sign of a comment or of a quotation, and it may be a literal.
pub(in crate::detect) fn next_line(bytes: &[u8], at: usize) -> Result<Option<usize>, ()> {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_cut = rest.len() < MAX_BREAK;
    let rest = rest.get(..MAX_BREAK).unwrap_or(rest);
    let quote = rest.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let mut end = usize::from(quote.is_some());
    let after = |end: usize| rest.get(end..).unwrap_or_default();
    let blanks = |end: usize| end + after(end).iter().take_while(|&&b| b == b' ' || b == b'\t').count();
    let operator =
        |end: usize| blanks(blanks(end) + usize::from(after(blanks(end)).first().is_some_and(|&b| joins(b))));
    if quote.is_some() {
        end = operator(end);
    } else if rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r\n") {
        end = 1;
    }
    let Some(newline) = NEWLINES.into_iter().find(|newline| after(end).starts_with(newline)) else {
        let may_come = NEWLINES.iter().any(|newline| newline.starts_with(after(end)));
        return if is_cut && (may_come || rest == b"\\\r") { Err(()) } else { Ok(None) };
    };
    end = blanks(end + newline.len());
    for _ in 0..MAX_SIGNS {
        // The first character of a sign may be a character of the text.
        let is_part = |sign: &&[u8]| sign.len() > after(end).len() && sign.starts_with(after(end));
        if is_cut && [&b"* "[..], b"| ", b"// ", b"-- "].iter().any(is_part) {
            return Err(());
        }
        let Some(sign) = sign(after(end)) else { break };
        end = blanks(end + sign);
    }
    if let Some(quote) = quote {
        end = operator(end);
        match after(end).first() {
            Some(&b) if b == quote => end += 1,
            Some(_) => return Ok(None),
            None => {}
        }
    }
    match rest.get(end) {
        Some(&b) => Ok(sextet(b).map(|_| at + end)),
        None if is_cut => Err(()),
        None => Ok(None),
    }
}

/// The maximum number of signs in front of a line.
const MAX_SIGNS: usize = 4;

/// Returns true for a character that joins two literals, or separates them in a list.
fn joins(b: u8) -> bool {
    matches!(b, b'+' | b'.' | b',' | b'&' | b'\\')
}

/// Returns the length of the sign of a comment or of a quotation at the start of a line.
fn sign(line: &[u8]) -> Option<usize> {
    match line {
        [b'#' | b'>' | b';', ..] | [b'*' | b'|', b' ', ..] => Some(1),
        [b'/', b'/', b' ', ..] | [b'-', b'-', b' ', ..] => Some(2),
        _ => None,
    }
}

/// Returns the end of the previous line, if a line begins at `at`.
fn line_before(bytes: &[u8], at: usize) -> Option<usize> {
    let whole = bytes.get(at.saturating_sub(MAX_BREAK)..at)?;
    let without_blanks =
        |text: &[u8]| text.len() - text.iter().rev().take_while(|&&b| b == b' ' || b == b'\t').count();
    let trim = |text| whole.get(..without_blanks(text));
    let without_operator = |text: &[u8]| {
        let text = whole.get(..without_blanks(text)).unwrap_or_default();
        let len = text.len() - usize::from(text.last().is_some_and(|&b| joins(b)));
        without_blanks(whole.get(..len).unwrap_or_default())
    };
    let quote = whole.last().copied().filter(|b| matches!(b, b'"' | b'\''));
    let mut head = whole;
    if quote.is_some() {
        head = whole.get(..head.len() - 1)?;
        head = whole.get(..without_operator(head))?;
    }
    head = trim(head)?;
    for _ in 0..MAX_SIGNS {
        // A sign of several characters, or one that may be something else, has a blank behind it.
        let len = (1..=2).find(|&len| {
            let start = head.len().checked_sub(len);
            start.and_then(|start| whole.get(start..)).and_then(sign) == Some(len)
        });
        let Some(len) = len else { break };
        head = trim(whole.get(..head.len() - len)?)?;
    }
    let newline = NEWLINES.into_iter().find(|newline| head.ends_with(newline))?;
    head = whole.get(..head.len() - newline.len())?;
    if let Some(quote) = quote {
        head = whole.get(..without_operator(head))?;
        head = head.strip_suffix(&[quote])?;
    } else if newline.last() == Some(&b'\n') {
        head = head.strip_suffix(b"\\").unwrap_or(head);
    }
    head.last().and_then(|&b| sextet(b))?;
    Some(at - (whole.len() - head.len()))
}

/// Returns the offset of the character before the character at `at`, and true if a line begins between them.
pub(super) fn previous(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let before = at.checked_sub(1)?;
    // A character after a backslash is part of an escape.
    let is_escape = before.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'\\');
    if !is_escape && bytes.get(before).and_then(|&b| sextet(b)).is_some() {
        return Some((before, false));
    }
    line_before(bytes, at).map(|end| (end - 1, true))
}

/// Reads from the character that holds the first bits of the text.
#[derive(Debug, Clone)]
pub(super) struct Base64<'a> {
    bytes: &'a [u8],
    at: usize,
    limit: usize,
    bits: u32,
    count: u32,
    /// The offset of the last character that contributed bits. A byte takes its bits from at most two
    /// characters.
    last: usize,
}

impl<'a> Base64<'a> {
    /// Creates a reader for the text that begins `alignment` bytes after the start of a group. The character
    /// at `at` holds its first bits.
    pub(super) fn new(bytes: &'a [u8], at: usize, alignment: u8, limit: usize) -> Self {
        let mut reader = Self { bytes, at, limit, bits: 0, count: 0, last: at };
        if alignment > 0 {
            let bits = reader.bytes.get(at).and_then(|&b| sextet(b)).unwrap_or_default();
            reader.bits = u32::from(bits);
            reader.count = 6 - 2 * u32::from(alignment);
            reader.at += 1;
        }
        reader
    }
}

impl Reader for Base64<'_> {
    fn next(&mut self) -> Unit {
        let mut first = self.last;
        while self.count < 8 {
            if self.at >= self.limit {
                return Unit::End;
            }
            let Some(&b) = self.bytes.get(self.at) else { return Unit::Cut };
            let Some(bits) = sextet(b) else {
                match next_line(self.bytes, self.at) {
                    Ok(Some(next)) => self.at = next,
                    Ok(None) => return Unit::End,
                    Err(()) => return Unit::Cut,
                }
                continue;
            };
            if self.count == 0 {
                first = self.at;
            }
            self.bits = self.bits << 6 | u32::from(bits);
            self.count += 6;
            self.last = self.at;
            self.at += 1;
        }
        self.count -= 8;
        #[expect(clippy::cast_possible_truncation, reason = "the eight bits in question")]
        let byte = (self.bits >> self.count) as u8;
        Unit::Byte(byte, first..self.last + 1)
    }
}

/// Decodes up to `wanted` bytes in front of the text that begins `alignment` bytes after the start of a
/// group, in the character at `at`.
pub(super) fn front(bytes: &[u8], at: usize, alignment: u8, wanted: usize) -> Front {
    let mut characters = Vec::new();
    let mut begins_line = false;
    let most = wanted.div_ceil(3) * 4 + usize::from(alignment);
    let mut here = at;
    while characters.len() < most
        && let Some((before, is_line)) = previous(bytes, here)
    {
        begins_line |= is_line && characters.is_empty();
        characters.push(before);
        here = before;
    }
    characters.reverse();
    let alignment = usize::from(alignment);
    let mut decoded = Decoded::default();
    let Some(groups) = characters.len().checked_sub(alignment) else {
        return Front { decoded, is_loose: true };
    };
    let odd = groups % 4;
    let start = characters.get(odd).copied().unwrap_or(at);
    let mut reader = Base64::new(bytes, start, 0, at + 1);
    for _ in 0..(groups - odd) / 4 * 3 + alignment {
        match reader.next() {
            Unit::Byte(byte, place) => decoded.push(byte, place),
            Unit::End | Unit::Cut => break,
        }
    }
    let is_loose = (begins_line && alignment == 0) || is_garbage(&decoded.text);
    Front { decoded, is_loose }
}

/// Returns true if the bytes are not text. A NUL is not evidence, because binary formats have NULs next to
/// text.
fn is_garbage(bytes: &[u8]) -> bool {
    let near = bytes.get(bytes.len().saturating_sub(9)..).unwrap_or_default();
    let is_control = |b: &u8| matches!(b, 1..=8 | 11 | 12 | 14..=31 | 127);
    if near.contains(&0) {
        return false;
    }
    // The first bytes may be the end of a character.
    let text = near.iter().position(|b| b & 0xc0 != 0x80).and_then(|at| near.get(at..)).unwrap_or_default();
    near.iter().any(is_control) || std::str::from_utf8(text).is_err()
}
