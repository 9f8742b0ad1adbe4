//! White space as Go's `unicode.IsSpace` defines it. BuildKit splits words at it.

use super::Text;

impl Text {
    /// Returns the text without the white space at its ends.
    #[must_use]
    pub(crate) fn trimmed(&self) -> Self {
        let start = skip_space(self, 0);
        let mut end = self.len();
        while let Some((at, width)) = space_before(self, end) {
            if at < start {
                break;
            }
            end = at;
            debug_assert!(width > 0);
        }
        self.slice(start..end.max(start))
    }
}

/// Returns the width of the white space character at `at`, if there is one. White space is Unicode's
/// `White_Space`, as in Go's `unicode.IsSpace`.
pub(crate) fn space_at(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let first = *rest.first()?;
    if first < 0x80 {
        return matches!(first, b' ' | b'\t'..=b'\r').then_some(1);
    }
    let width = char_width(first);
    let text = std::str::from_utf8(rest.get(..width)?).ok()?;
    text.chars().all(char::is_whitespace).then_some(width)
}

/// Returns the start and the width of the white space character that ends at `end`.
fn space_before(text: &Text, end: usize) -> Option<(usize, usize)> {
    (1..=3).find_map(|width| {
        let start = end.checked_sub(width)?;
        (space_at(text.as_bytes(), start) == Some(width)).then_some((start, width))
    })
}

/// Returns the first offset at or after `at` that is not white space.
pub(crate) fn skip_space(text: &Text, mut at: usize) -> usize {
    while let Some(width) = space_at(text.as_bytes(), at) {
        at += width;
    }
    at
}

pub(crate) fn char_width(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 1,
    }
}
