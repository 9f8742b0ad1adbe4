//! Texts of code points, such as `U+0068 U+0066`.

use crate::detect::encoding::spelled_character;

/// The number of bytes that are enough to read a code point and what separates it from the next one.
pub(super) const LONGEST: usize = 16;
/// The number of code points that begin a text.
const FEWEST: usize = 8;

/// Returns true if several code points begin the next bytes, as far as these reach.
pub(super) fn begin(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for _ in 0..FEWEST {
        let Some((_, len)) = point(rest) else { return rest.len() < LONGEST };
        rest = rest.get(len..).unwrap_or_default();
    }
    true
}

/// Returns the character of the code point at the start of `rest`, and the length of its spelling with what separates it
/// from the next one. A character outside ASCII is a question mark.
pub(super) fn point(rest: &[u8]) -> Option<(u8, usize)> {
    let digits = rest.strip_prefix(b"U+")?;
    let known = spelled_character(rest).map(|(byte, len, _)| (byte, len));
    known.or_else(|| {
        let count = digits.iter().take(7).take_while(|b| b.is_ascii_hexdigit()).count();
        let behind = digits.get(count..).filter(|_| (4..=6).contains(&count))?;
        let is_blank = |b: &&u8| matches!(b, b' ' | b',' | b'\n' | b'\r' | b'\t');
        let blanks = behind.iter().take(2).take_while(is_blank).count();
        let goes_on = behind.get(blanks..).is_some_and(|next| next.starts_with(b"U+"));
        Some((b'?', 2 + count + if goes_on { blanks } else { 0 }))
    })
}
