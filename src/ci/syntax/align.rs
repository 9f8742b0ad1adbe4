//! Finds the position in the file of each character of a decoded scalar. The file has indentation, folded
//! lines, doubled quotes and escapes that the value lacks.

use crate::text::{Span, Text};

/// Returns `value` as a text with source positions. `source` is the text that it was decoded from, without
/// the opening quote or the block header, and begins at `base` in the file. The part that cannot be aligned
/// is mapped to all that is left of the source.
pub(super) fn align(source: &str, base: usize, value: &str) -> Text {
    let mut text = Text::new();
    let mut at = 0;
    let mut before = None;
    for (offset, c) in value.char_indices() {
        let Some(step) = step(source.get(at..).unwrap_or_default(), c, before) else {
            let rest = value.get(offset..).unwrap_or_default();
            text.push(rest.as_bytes(), Span::new(base + at, base + source.len()));
            break;
        };
        let start = base + at + step.skipped;
        text.push(c.encode_utf8(&mut [0; 4]).as_bytes(), Span::new(start, start + step.width));
        at += step.skipped + step.width;
        before = Some(c);
    }
    text
}

/// The distance to the source of a character, and the width of that source.
struct Step {
    skipped: usize,
    width: usize,
}

fn step(source: &str, c: char, before: Option<char>) -> Option<Step> {
    let mut skipped = 0;
    // A character may be preceded by a doubled quote, the rest of a continued line, and indentation.
    for _ in 0..4 {
        let rest = source.get(skipped..)?;
        let here = |width| Some(Step { skipped, width });
        if rest.starts_with(c) {
            return here(c.len_utf8());
        }
        if c == '\n' && rest.starts_with("\r\n") {
            return here(2);
        }
        let blanks = rest.bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        if blanks > 0 && rest.get(blanks..)?.starts_with(c) {
            skipped += blanks;
            continue;
        }
        let white = rest.bytes().take_while(u8::is_ascii_whitespace).count();
        if white > 0 {
            if matches!(c, ' ' | '\n') {
                return here(white);
            }
            skipped += white;
        } else if rest.starts_with("\\\n") || rest.starts_with("\\\r\n") {
            skipped += 1;
        } else if rest.starts_with('\\') {
            return here(escape_width(rest).min(rest.len()));
        } else if rest.starts_with('\'') && before == Some('\'') {
            skipped += 1;
        } else {
            return None;
        }
    }
    None
}

/// Returns the width of an escape of JSON or YAML.
fn escape_width(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_high = |digits: Option<&[u8]>| {
        digits.is_some_and(|digits| {
            matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..])
        })
    };
    let width = match bytes.get(1) {
        Some(b'x') => 4,
        Some(b'u') if is_high(bytes.get(2..6)) && bytes.get(6..8) == Some(b"\\u") => 12,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 2,
    };
    // A multi-byte character after the backslash is not split.
    (width..=bytes.len()).find(|&at| rest.is_char_boundary(at)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the source offset of each `x` of the value.
    fn found(source: &str, value: &str) -> Vec<usize> {
        let text = align(source, 100, value);
        assert_eq!(text.as_bytes(), value.as_bytes());
        value.match_indices('x').map(|(at, _)| text.source_offset(at) - 100).collect()
    }

    fn expected(source: &str) -> Vec<usize> {
        source.match_indices('x').map(|(at, _)| at).collect()
    }

    #[test]
    fn characters_are_found_where_they_stand() {
        for (source, value) in [
            ("x y x", "x y x"),
            ("    x\n    y x\n\n      x\n", "x\ny x\n\n  x\n"),
            ("  x\r\n  x\r\n", "x\nx\n"),
            ("  x\n  x\n\n  x\n", "x x\nx\n"),
            ("it''s ''x''", "it's 'x'"),
            ("a\\tx\\u00e9x\\n\\\"x\\ud83e\\udd80x", "a\tx\u{e9}x\n\"x\u{1f980}x"),
            ("a \\\n    x", "a x"),
            ("é x\n  é x", "é x é x"),
        ] {
            assert_eq!(found(source, value), expected(source), "{source:?}");
        }
    }

    #[test]
    fn what_cannot_be_lined_up_keeps_its_place_in_the_whole() {
        assert_eq!(found("abc", "ax"), [1]);
        assert_eq!(found("", "x"), [0]);
    }
}
