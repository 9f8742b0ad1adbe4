//! A value in text, quoted or bare.

/// Returns the range of the value at `at`, which may be an opening quote. Bare values are accepted only if
/// `bare` is set.
pub(super) fn value_at(content: &[u8], at: usize, bare: bool) -> Option<std::ops::Range<usize>> {
    let rest = content.get(at..)?;
    // In a JSON or shell string, the quotes are escaped.
    let escaped = usize::from(matches!(rest, [b'\\', b'"' | b'\'', ..]));
    let start = at + escaped;
    let text = content.get(start..)?;
    let quote = text.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let Some(quote) = quote else {
        let ends = |b: &u8| {
            b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b';' | b'&' | b'|' | b'<' | b'>')
        };
        let len = text.iter().position(ends).unwrap_or(text.len());
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
    closed.then_some(start + 1..start + 1 + len - backslash)
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
    }
}
