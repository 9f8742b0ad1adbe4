//! Values that are random, so that they count in any text that gives them to something of the Hub.

use std::ops::Range;

use super::value::{is_of_another_service, is_opaque};
use crate::detect::{find, randomness};
use crate::hub::tokens::roots;

/// The possible lengths of a value that counts in any text.
pub(super) const LENGTHS: Range<usize> = 16..513;

/// Returns true for a bare value of letters that is surely random. A prefix may be in front of it.
fn is_bare_letters(value: &[u8]) -> bool {
    const SHORTEST: usize = 30;
    let body = roots().find_map(|root| value.strip_prefix(root.as_bytes())).unwrap_or(value);
    body.len() >= SHORTEST
        && body.iter().all(u8::is_ascii_alphabetic)
        && randomness::is_random(body, randomness::Strictness::Strict)
}

/// Returns true for the name of a type, such as `SecretString2`, whose digits are behind the last word.
fn is_type(value: &[u8]) -> bool {
    const WORD: usize = 4;
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut len = WORD;
    for b in letters.bytes() {
        match b {
            b'A'..=b'Z' if len >= WORD => len = 1,
            b'a'..=b'z' => len += 1,
            _ => return false,
        }
    }
    len >= WORD && letters.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Returns true if a value is random, so that it counts in any text.
pub(super) fn is_generated(content: &[u8], range: &Range<usize>) -> bool {
    let value = content.get(range.clone()).unwrap_or_default();
    let kinds: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let kinds = kinds.iter().filter(|kind| value.iter().any(*kind)).count();
    let before = range.start.checked_sub(1).and_then(|before| content.get(before));
    let is_quoted = before.is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'));
    // Bare words may be code.
    let is_web_token = value.starts_with(b"eyJ");
    let is_plain = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'_' | b'-' | b'+' | b'=' | b'/' | b'%' | b'!')
            || (is_web_token && *b == b'.')
    };
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let may_be_bare =
        || value.iter().all(is_plain) && (has_digit || is_bare_letters(value)) && !is_type(value);
    LENGTHS.contains(&value.len())
        && value.iter().all(u8::is_ascii_graphic)
        && kinds >= 2
        && (is_quoted || may_be_bare())
        && is_opaque(value)
        && find(value).is_empty()
        && !is_of_another_service(value)
        && randomness::is_varied(value)
}
