//! A value in text, quoted or bare.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::value::LONGEST;

/// The number of bytes in which a value ends. Longer ones are no credentials.
const READ: usize = LONGEST + 64;

/// Returns the range of the value at `at`, which may be an opening quote. Bare values are accepted only if
/// `bare` is set. A value that is too long for a credential has no range, or a part of it.
pub(super) fn value_at(content: &[u8], at: usize, bare: bool) -> Option<Range<usize>> {
    let content = content.get(..at.saturating_add(READ)).unwrap_or(content);
    let rest = content.get(at..)?;
    // In a JSON or shell string, the quotes are escaped.
    let escaped = usize::from(matches!(rest, [b'\\', b'"' | b'\'' | b'`', ..]));
    let start = at + escaped;
    let text = content.get(start..)?;
    let quote = text.first().copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    let Some(quote) = quote else {
        let ends = |b: &u8| {
            b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b';' | b'&' | b'|' | b'<' | b'>')
        };
        let len = text.iter().position(ends).unwrap_or(text.len());
        // In a string of JSON or of code, an escaped line break ends the line.
        let len = escaped_break(text.get(..len)?).unwrap_or(len);
        // The closing characters of a surrounding list or call are removed.
        let value = text.get(..len)?;
        let credentials = value
            .iter()
            .rposition(|b| !matches!(b, b',' | b')' | b']' | b'}' | b'\\'))
            .map_or(0, |last| last + 1);
        return (bare && credentials > 0).then_some(start..start + credentials);
    };
    let inner = text.get(1..)?;
    let len = memchr::memchr2(quote, b'\n', inner)?;
    let closed = inner.get(len) == Some(&quote);
    let backslash = usize::from(escaped == 1 && len > 0 && inner.get(len - 1) == Some(&b'\\'));
    let value = inner.get(..len - backslash)?;
    let broken =
        [&b"\\n"[..], b"\\r\\n"].iter().filter(|end| value.ends_with(end)).map(|end| end.len()).max();
    closed.then_some(start + 1..start + 1 + value.len() - broken.unwrap_or_default())
}

/// Returns the range of the value at `at`, as [`value_at`] does. The value may also be a literal in parentheses, with
/// a prefix, in three quotes, or the only argument of a call that wraps it: `(r"…")`, `SecretStr("…")`.
pub(super) fn literal_at(content: &[u8], at: usize, bare: bool) -> Option<Range<usize>> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static WRAPPED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u)^(?:\(\s{0,64})?",
            r"(?:(?:[A-Za-z]{1,20}(?:\.|::)){0,3}(?:SecretStr|Secret|[Ss]tr|[Ss]tring|[Ff]ield|Option|Some|from|Argument)",
            r"\(\s{0,64}(?:default[ \t]*=[ \t]*)?)?",
            // In a JSON string, the quotes are escaped.
            r#"(?:[A-Za-z]{0,2}#?|@)(?P<quotes>"""|'''|(?:\\"){3}|\\?["'`])"#,
        ))
        .expect("a valid pattern")
    });
    let quotes = WRAPPED.captures(content.get(at..)?).and_then(|captures| captures.name("quotes"));
    let at = quotes.map_or(at, |quotes| {
        let escaped = usize::from(quotes.as_bytes().starts_with(b"\\"));
        at + quotes.end() - 1 - escaped
    });
    value_at(content, at, bare)
}

/// Returns the offset of the first escaped line break.
fn escaped_break(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\\', text).find(|at| matches!(text.get(at + 1), Some(b'n' | b'r')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, value) in [
            ("abc def", Some("abc")),
            ("abc; def", Some("abc")),
            ("abc", Some("abc")),
            ("abc\r\n", Some("abc")),
            ("abc})", Some("abc")),
            ("\"a b\" c", Some("a b")),
            ("'a\"b' c", Some("a\"b")),
            ("\\\"a b\\\" c", Some("a b")),
            ("abc\\nX=y", Some("abc")),
            ("abc\\r\\n", Some("abc")),
            ("\"abc\\n\"", Some("abc")),
            ("\"open", None),
            ("\"open\n\"", None),
            ("", None),
            (")", None),
        ] {
            let found = value_at(text.as_bytes(), 0, true).map(|range| text.get(range).unwrap());
            assert_eq!(found, value, "{text}");
        }
        assert_eq!(value_at(b"abc", 0, false), None);
        assert_eq!(value_at(b"abc", 9, true), None);
        let long = vec![b'a'; 100 * READ];
        assert_eq!(value_at(&long, 0, true), Some(0..READ), "the rest is not read");
    }
}
