//! Values of settings whose section names the Hub: `token` below `huggingface:` or `[huggingface]`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::literal_at;
use super::value::is_opaque;
use crate::hub::words::SECTION;

/// The longest section that is read.
const LONGEST: usize = 1024;

/// Returns the offsets of such values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        let name = format!("(?:[a-z0-9_-]{{1,30}}[._-])?{SECTION}");
        Regex::new(
            &[
                r"(?i-u)(?:^|[^A-Za-z0-9_./@-])",
                // `[huggingface]`, `<huggingface>`
                &format!(r"(?:(?P<header>\[{name}\])|(?P<element><{name}>)"),
                // `"huggingface": {`, `huggingface = {`, `huggingface {`
                &format!(r#"|(?P<braces>\\?["']?{name}\\?["']?[ \t]*[:=]?>?[ \t]*\{{)"#),
                // `huggingface:` at the end of a line
                &format!(r#"|(?P<block>["']?{name}["']?:[ \t]*(?:\r?\n|\\n)))"#),
            ]
            .concat(),
        )
        .expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i-u)(?:^|[^A-Za-z0-9_$])(?:(?:api|access|auth|hub|user|read|write|bearer)[_-]?)?",
            r#"(?:token|key|secret|password|pat|credentials?|auth)(?:\\?["']?[ \t]*(?:=>|[:=])[ \t]*|>)"#,
        ))
        .expect("a valid pattern")
    });
    let mut found = Vec::new();
    // Sections may be inside each other.
    let mut searched = 0;
    for captures in OPENING.captures_iter(content) {
        let Some(whole) = captures.get(0) else { continue };
        let rest = content.get(whole.end()..).unwrap_or_default();
        let rest = rest.get(..LONGEST).unwrap_or(rest);
        let len = if captures.name("header").is_some() {
            memchr::memmem::find(rest, b"\n[")
        } else if captures.name("element").is_some() {
            memchr::memmem::find(rest, b"</h").or_else(|| memchr::memmem::find(rest, b"</H"))
        } else if captures.name("braces").is_some() {
            closing_brace(rest)
        } else {
            let start = captures.name("block").map_or(whole.start(), |block| block.start());
            Some(block(content, start, rest))
        };
        let end = whole.end() + len.unwrap_or(rest.len());
        let section: Range<usize> = whole.end().max(searched)..end;
        searched = searched.max(end);
        let text = content.get(..section.end).unwrap_or_default();
        let keys = KEY.find_iter(text.get(section.clone()).unwrap_or_default());
        let values = keys.filter_map(|key| literal_at(text, section.start + key.end(), true));
        found.extend(
            values.filter(|value| text.get(value.clone()).is_some_and(is_opaque)).map(|value| value.start),
        );
    }
    found
}

/// Returns the offset of the brace that closes the one in front of a text.
pub(super) fn closing_brace(text: &[u8]) -> Option<usize> {
    let mut depth = 1_usize;
    text.iter().position(|b| {
        match b {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// Returns the length of the lines in `rest` that are indented deeper than the line around `start`.
pub(super) fn block(content: &[u8], start: usize, rest: &[u8]) -> usize {
    let indent = |line: &[u8]| line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'-')).count();
    let before = content.get(..start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let own = indent(content.get(line..).unwrap_or_default());
    let mut len = 0;
    for line in rest.split_inclusive(|&b| b == b'\n') {
        if !line.trim_ascii().is_empty() && indent(line) <= own {
            break;
        }
        len += line.len();
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "huggingface:\n  token: !opaque-v4lue\n",
            "  hugging_face:\n    enabled: true\n\n    api_key: \"!opaque-v4lue\"\n",
            "providers:\n- huggingface:\n    auth:\n      token: !opaque-v4lue\n",
            "hf:\n  access-token: '!opaque-v4lue'\n",
            "[huggingface]\ntoken = \"!opaque-v4lue\"\n",
            "[providers.huggingface]\nurl = x\napi_key=!opaque-v4lue\n",
            "[huggingface.auth]\ntoken = '!opaque-v4lue'\n",
            "{\"huggingface\": {\"enabled\": true, \"apiKey\": \"!opaque-v4lue\"}}",
            "{\"hf\":{\"auth\":{\"user\":\"u\"},\"token\":\"!opaque-v4lue\"}}",
            "huggingface {\n  token = \"!opaque-v4lue\"\n}\n",
            "SETTINGS = {'huggingface': {'token': '!opaque-v4lue'}}\n",
            "<huggingface><token>!opaque-v4lue</token></huggingface>",
            ":huggingface => { :token => '!opaque-v4lue' }",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "huggingface:\n  enabled: true\ngithub:\n  token: opaque-v4lue\n",
            "huggingface:\ntoken: opaque-v4lue\n",
            "[huggingface]\nenabled = true\n[github]\ntoken = \"opaque-v4lue\"\n",
            "{\"huggingface\": {\"enabled\": true}, \"token\": \"opaque-v4lue\"}",
            "huggingface:\n  tokenizer: opaque-v4lue\n  max_tokens: opaque-v4lue\n",
            "huggingface:\n  token: ${HF_TOKEN}\n",
            "<huggingface></huggingface><token>opaque-v4lue</token>",
            "https://huggingface.co: {\"token\": \"opaque-v4lue\"}",
            "shelf:\n  token: opaque-v4lue\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
