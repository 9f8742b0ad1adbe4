//! Values in a column whose title is a token variable, in tables of any delimiter: `id,hf_token`, and `1,…` below.

use std::ops::Range;

use crate::detect::variables::{is_hub_key, may_be_hub_key, may_hold_random_token};

const DELIMITERS: &[u8] = b",;\t|";
/// The longest line of titles, and the largest number of rows that are read.
const LONGEST: usize = 512;
const ROWS: usize = 16;
/// The longest title.
const LONGEST_TITLE: usize = 48;

/// Returns the ranges of such values, which have to be random to count.
pub(super) fn values(content: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for line in lines(content) {
        let Some((delimiter, column, count)) = titles(content, line.clone()) else { continue };
        let rows = lines(content.get(line.end..).unwrap_or_default()).skip(1).take(ROWS);
        let rows = rows.map(|row| line.end + row.start..line.end + row.end);
        for row in rows.take_while(|row| !row.is_empty()) {
            let fields = fields(content, row, delimiter);
            found.extend(fields.get(column).filter(|_| fields.len() == count).cloned());
        }
    }
    found
}

fn lines(content: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    content.split(|&b| b == b'\n').map(move |line| {
        let start = next;
        next += line.len() + 1;
        start..start + line.strip_suffix(b"\r").unwrap_or(line).len()
    })
}

/// If a line has the titles of columns alone, and one of them is a token variable, returns the delimiter, the number of
/// that column and of all.
fn titles(content: &[u8], line: Range<usize>) -> Option<(u8, usize, usize)> {
    let text = content.get(line.clone()).filter(|text| (1..=LONGEST).contains(&text.len()))?;
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ' | b'"' | b'#');
    // A line of code is indented, or has other signs.
    if !text.iter().all(|b| is_part(b) || DELIMITERS.contains(b)) || text.starts_with(b" ") {
        return None;
    }
    // A table with one column has no delimiter, so that any will do.
    let is_single = !text.iter().any(|b| DELIMITERS.contains(b));
    let delimiters = DELIMITERS.iter().filter(|delimiter| is_single || text.contains(delimiter));
    delimiters.take(if is_single { 1 } else { DELIMITERS.len() }).find_map(|&delimiter| {
        let fields = fields(content, line.clone(), delimiter);
        let is_token = |field: &Range<usize>| {
            let name =
                content.get(field.clone()).filter(|name| name.len() <= LONGEST_TITLE && may_be_hub_key(name));
            let name = name.and_then(|name| std::str::from_utf8(name).ok());
            name.is_some_and(|name| is_hub_key(name) || may_hold_random_token(name))
        };
        let empty = fields.iter().filter(|field| field.is_empty()).count();
        // A table between bars has nothing on their outer sides.
        let most = if delimiter == b'|' { 2 } else { 0 };
        let column = fields.iter().position(is_token).filter(|_| empty <= most)?;
        Some((delimiter, column, fields.len()))
    })
}

/// Returns the fields of a line, without blanks and quotes around them.
fn fields(content: &[u8], line: Range<usize>, delimiter: u8) -> Vec<Range<usize>> {
    let (mut fields, mut start, mut is_quoted) = (Vec::new(), line.start, false);
    for at in line.start..=line.end {
        let byte = content.get(at).filter(|_| at < line.end);
        is_quoted ^= byte == Some(&b'"');
        if byte.is_none() || (byte == Some(&delimiter) && !is_quoted) {
            let field = content.get(start..at).unwrap_or_default();
            let is_around = |b: &u8| matches!(b, b' ' | b'"' | b'`');
            let front = field.iter().take_while(|b| is_around(b)).count();
            let behind = field.iter().rev().take_while(|b| is_around(b)).count();
            fields.push(start + front..(at - behind).max(start + front));
            start = at + 1;
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "hf_token\n@@\n",
            "id,hf_token\n1,@@\n",
            "id,hf_token\r\n1,\r\n2,@@\r\n",
            "x\n\"id\",\"HF_TOKEN\",\"a\"\n\"1, 2\",\"@@\",\"b\"\n",
            "id;hf_token\n1;@@",
            "id\thf_token\tx\n1\t@@\t\n",
            "| user | hf_token |\n|------|----------|\n| a | `@@` |\n",
        ] {
            let at = text.find("@@").unwrap();
            let found = values(text.as_bytes());
            assert!(found.contains(&(at..at + 2)), "{text} {found:?}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "id,hf_token\n\n1,@@\n",
            "id,hf_token\n1,2,@@\n@@\n",
            "f(id, hf_token)\ng(1, @@)\n",
            "    id, hf_token\n    1, @@\n",
            "hf_token,\n@@,\n",
            "id,hf_tokenizer\n1,@@\n",
            "name,hf_model\n1,@@\n",
        ] {
            let text = text.as_bytes();
            let found = values(text).into_iter().any(|range| text.get(range) == Some(b"@@"));
            assert!(!found, "{}", String::from_utf8_lossy(text));
        }
    }
}
