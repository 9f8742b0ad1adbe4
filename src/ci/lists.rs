//! Several values in one text: by line, or with commas between them.

use crate::text::Text;

/// Returns the non-empty lines of a text, without quotes around a whole line.
pub(super) fn lines(text: &Text) -> Vec<Text> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        let line = text.slice(start..end).trimmed();
        start = end + 1;
        let line = match line.as_bytes() {
            [] | [b'#', ..] => continue,
            [quote @ (b'"' | b'\''), .., last] if quote == last => line.slice(1..line.len() - 1),
            _ => line,
        };
        lines.push(line);
    }
    lines
}

/// Splits at the commas that precede another `NAME=`, or at each comma if there is no `=`.
pub(super) fn split(line: &Text) -> Vec<Text> {
    let bytes = line.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    let are_names = memchr::memchr(b'=', bytes).is_none();
    for comma in memchr::memchr_iter(b',', bytes) {
        let behind = bytes.get(comma + 1..).unwrap_or_default().trim_ascii_start();
        let name = behind.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        if name > 0 && (are_names || behind.get(name) == Some(&b'=')) {
            parts.push(line.slice(start..comma));
            start = comma + 1;
        }
    }
    parts.push(line.slice(start..bytes.len()));
    parts
}
