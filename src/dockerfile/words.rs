//! Splits an instruction's arguments into words (BuildKit, `frontend/dockerfile/parser/line_parsers.go` and
//! `split_command.go`). Quotes and escapes stay in the words and are removed by expansion.

use crate::text::{Text, char_width, skip_space, space_at};

/// Splits the arguments of `ENV`, `LABEL` and `ARG`. White space in quotes or after the escape character
/// does not end a word.
pub(super) fn quoted_words(text: &Text, escape: u8) -> Vec<Text> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = skip_space(text, 0);
    while at < text.len() {
        let start = at;
        let mut quote = None;
        while let Some(byte) = text.byte(at) {
            if quote.is_none() && space_at(bytes, at).is_some() {
                break;
            }
            if byte == escape && quote != Some(b'\'') {
                at += 1;
            } else if quote == Some(byte) {
                quote = None;
            } else if quote.is_none() && matches!(byte, b'\'' | b'"') {
                quote = Some(byte);
            }
            at += text.byte(at).map_or(0, char_width);
        }
        at = at.min(text.len());
        let mut word = text.slice(start..at);
        // An escape character at the end of the text is dropped.
        if at == text.len() && ends_in_escape(&word, escape) {
            word = word.slice(0..word.len() - 1);
        }
        if !word.is_empty() {
            words.push(word);
        }
        at = skip_space(text, at);
    }
    words
}

fn ends_in_escape(word: &Text, escape: u8) -> bool {
    word.as_bytes().iter().rev().take_while(|&&b| b == escape).count() % 2 == 1
}

/// Splits the arguments of `FROM`, `COPY` and similar instructions. Nothing protects white space.
pub(super) fn plain_words(text: &Text) -> Vec<Text> {
    let mut words = Vec::new();
    let is_blank = |b: u8| matches!(b, b'\t' | b'\x0b' | b'\x0c' | b'\r' | b' ');
    let mut at = 0;
    while at < text.len() {
        let blanks = text.as_bytes().iter().skip(at).take_while(|&&b| is_blank(b)).count();
        let start = at + blanks;
        let len = text.as_bytes().iter().skip(start).take_while(|&&b| !is_blank(b)).count();
        if len > 0 {
            words.push(text.slice(start..start + len));
        }
        at = start + len;
    }
    words
}

/// Splits off the leading `--flags` and returns them with the rest. Like BuildKit, it resolves quotes and
/// backslashes in flags here, whatever the escape character.
pub(super) fn split_flags(text: &Text) -> (Vec<Text>, Text) {
    let bytes = text.as_bytes();
    let mut flags = Vec::new();
    let mut at = skip_space(text, 0);
    while text.starts_with_at(at, b"--") {
        let mut word = Text::new();
        let mut quote = None;
        while let Some(byte) = text.byte(at) {
            if quote.is_none() && space_at(bytes, at).is_some() {
                break;
            }
            if quote == Some(byte) {
                quote = None;
            } else if quote.is_none() && matches!(byte, b'\'' | b'"') {
                quote = Some(byte);
            } else {
                if byte == b'\\' {
                    at += 1;
                }
                word.push_text(text, at..at + 1);
            }
            at += 1;
        }
        at = skip_space(text, at);
        if word.as_bytes() == b"--" {
            break;
        }
        flags.push(word);
    }
    (flags, text.slice(at.min(text.len())..text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn text(source: &str) -> Text {
        Text::from_source(source.as_bytes(), Span::new(0, source.len()))
    }

    fn strings(words: &[Text]) -> Vec<String> {
        words.iter().map(|w| w.to_str().into_owned()).collect()
    }

    #[test]
    fn quotes_and_escapes_keep_a_word_together() {
        for (source, expected) in [
            (r#"a=b c="d e" f=g\ h"#, vec!["a=b", r#"c="d e""#, r"f=g\ h"]),
            (r"a='x\' b=2", vec![r"a='x\'", "b=2"]),
            (r#"a="x\" y" z"#, vec![r#"a="x\" y""#, "z"]),
            ("  a\t b\u{a0}c ", vec!["a", "b", "c"]),
            (r"a=b\", vec!["a=b"]),
            (r"a=b\\", vec![r"a=b\\"]),
            (r#"a="open b"#, vec![r#"a="open b"#]),
            (r"a=é\ é", vec![r"a=é\ é"]),
            ("", vec![]),
        ] {
            assert_eq!(strings(&quoted_words(&text(source), b'\\')), expected, "{source}");
        }
    }

    #[test]
    fn flags_stand_in_front() {
        let (flags, rest) = split_flags(&text(r#"--mount=type=secret,id="a b" --x  echo --y"#));
        assert_eq!(strings(&flags), ["--mount=type=secret,id=a b", "--x"]);
        assert_eq!(rest.to_str(), "echo --y");
        let (flags, rest) = split_flags(&text("-- --a b"));
        assert!(flags.is_empty());
        assert_eq!(rest.to_str(), "--a b");
        let (flags, rest) = split_flags(&text(r"--a\"));
        assert_eq!(strings(&flags), ["--a"]);
        assert!(rest.is_empty());
    }
}
