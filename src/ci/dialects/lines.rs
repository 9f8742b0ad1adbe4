//! Lines of files that are no trees.

use std::ops::Range;

use crate::text::Text;

/// Returns the lines of a text, without their ends. A line that ends in a backslash goes on with the next one, and
/// keeps the backslash and the newline.
pub(super) fn joined(text: &Text) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        let line = bytes.get(start..end).unwrap_or_default();
        let backslashes = line.iter().rev().take_while(|b| **b == b'\\').count();
        if backslashes % 2 == 1 && end < bytes.len() {
            continue;
        }
        if !(start == end && end == bytes.len()) {
            lines.push(start..end);
        }
        start = end + 1;
    }
    if start < bytes.len() {
        lines.push(start..bytes.len());
    }
    lines
}

/// Returns the number of blanks and tabs at the start of a line.
pub(super) fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Returns the length of the name at the start of a text.
pub(super) fn name_length(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count()
}

/// Returns the command of a line of a recipe, without the `@`, `-` and `+` before it.
pub(super) fn command(line: &Text) -> Text {
    let prefix =
        line.as_bytes().iter().take_while(|b| matches!(b, b'@' | b'-' | b'+' | b' ' | b'\t')).count();
    line.slice(prefix..line.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn continued_lines_are_joined() {
        for (text, expected) in [
            ("a\nb\\\nc\n\nd", vec!["a", "b\\\nc", "", "d"]),
            ("a\\\\\nb\\", vec!["a\\\\", "b\\"]),
            ("a\\\n", vec!["a\\\n"]),
            ("", vec![]),
        ] {
            let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
            let lines: Vec<_> = joined(&source).into_iter().map(|range| text.get(range).unwrap()).collect();
            assert_eq!(lines, expected, "{text:?}");
        }
    }
}
