//! The exec form: a JSON array of strings, parsed by the rules of Go's `encoding/json`. The source position
//! of each character is kept.

use crate::text::Text;
use crate::text::skip_space;

/// The reason why a text is not in exec form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotStrings {
    /// The text is not a JSON array. BuildKit uses it as the shell form.
    NotJson,
    /// The text is a JSON array with values other than strings. BuildKit rejects it.
    OtherValues,
}

/// Parses `["a", "b"]`.
pub(super) fn string_array(text: &Text) -> Result<Vec<Text>, NotStrings> {
    let start = skip_space(text, 0);
    if text.byte(start) != Some(b'[') {
        return Err(NotStrings::NotJson);
    }
    strings(text, start + 1).ok_or_else(|| {
        let json = text.as_bytes().get(start..).unwrap_or_default();
        match serde_json::from_slice::<Vec<serde::de::IgnoredAny>>(json) {
            Ok(_) => NotStrings::OtherValues,
            Err(_) => NotStrings::NotJson,
        }
    })
}

fn skip_blank(text: &Text, mut at: usize) -> usize {
    while matches!(text.byte(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

fn strings(text: &Text, mut at: usize) -> Option<Vec<Text>> {
    let mut words = Vec::new();
    at = skip_blank(text, at);
    if text.byte(at) != Some(b']') {
        loop {
            let word;
            (word, at) = string(text, skip_blank(text, at))?;
            words.push(word);
            at = skip_blank(text, at);
            match text.byte(at)? {
                b',' => at += 1,
                b']' => break,
                _ => return None,
            }
        }
    }
    (skip_blank(text, at + 1) == text.len()).then_some(words)
}

/// Parses the string whose opening quote is at `at`. Returns the string and the offset after it.
fn string(text: &Text, mut at: usize) -> Option<(Text, usize)> {
    if text.byte(at) != Some(b'"') {
        return None;
    }
    at += 1;
    let mut word = Text::new();
    loop {
        match text.byte(at)? {
            b'"' => return Some((word, at + 1)),
            b'\\' => {
                let (decoded, width) = escape(text, at)?;
                let mut buffer = [0; 4];
                word.push(decoded.encode_utf8(&mut buffer).as_bytes(), text.source_span(at..at + width));
                at += width;
            }
            0..0x20 => return None,
            _ => {
                word.push_text(text, at..at + 1);
                at += 1;
            }
        }
    }
}

/// Decodes the escape at `at`. Returns the character and the length of the escape in bytes.
fn escape(text: &Text, at: usize) -> Option<(char, usize)> {
    let decoded = match text.byte(at + 1)? {
        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = hex(text, at + 2)?;
            if let 0xD800..0xDC00 = high
                && text.starts_with_at(at + 6, b"\\u")
                && let Some(low @ 0xDC00..0xE000) = hex(text, at + 8)
            {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return Some((char::from_u32(code)?, 12));
            }
            // Go decodes a lone surrogate to the replacement character.
            return Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        _ => return None,
    };
    Some((decoded, 2))
}

fn hex(text: &Text, at: usize) -> Option<u32> {
    (at..at + 4).try_fold(0, |value, at| {
        let digit = char::from(text.byte(at)?).to_digit(16)?;
        Some(value << 4 | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn read(source: &str) -> Result<Vec<String>, NotStrings> {
        let text = Text::from_source(source.as_bytes(), Span::new(0, source.len()));
        string_array(&text).map(|words| words.iter().map(|w| w.to_str().into_owned()).collect())
    }

    #[test]
    fn arrays_of_strings_are_exec_forms() {
        for (source, expected) in [
            ("[]", vec![]),
            (r#" [ "a" , "b c" ] "#, vec!["a", "b c"]),
            (r#"["a\"b\\\/\n\u00e9\ud83e\udd80\ud83e"]"#, vec!["a\"b\\/\né🦀\u{fffd}"]),
        ] {
            assert_eq!(read(source).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for (source, expected) in [
            (r#"["a", 1]"#, NotStrings::OtherValues),
            (r#"["a", null]"#, NotStrings::OtherValues),
            (r#"["a", ["b"]]"#, NotStrings::OtherValues),
            (r#"["a",]"#, NotStrings::NotJson),
            (r#"["a"] b"#, NotStrings::NotJson),
            (r#"["a""#, NotStrings::NotJson),
            ("['a']", NotStrings::NotJson),
            (r#"["\q"]"#, NotStrings::NotJson),
            ("echo", NotStrings::NotJson),
            ("[ -f x ]", NotStrings::NotJson),
        ] {
            assert_eq!(read(source), Err(expected), "{source}");
        }
    }
}
