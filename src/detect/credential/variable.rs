//! Variables that a text gives a literal and uses later: `API_TOKEN = "…"`, then `f"Bearer {API_TOKEN}"`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::literal_at;

/// The number of bytes in front of a use in which a variable is looked for.
const NEAR: usize = 2048;
/// The number of mentions in front of a use that are read.
const MENTIONS: usize = 32;
/// The longest text in front of a name that is read.
const FRONT: usize = 96;

/// Returns the name of the variable that a text uses at `at`: `token`, `$TOKEN`, `"${TOKEN}"`, `self.token`.
pub(super) fn used_at(content: &[u8], at: usize) -> Option<&[u8]> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static USE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)^\\?["']?\$?\{?[ \t]*(?:self\.|this\.|cls\.|\$this->|env:)?([A-Za-z_][A-Za-z0-9_]{0,63})(?:[^A-Za-z0-9_(\[.-]|$)"#)
            .expect("a valid pattern")
    });
    let text = content.get(at..)?;
    let text = text.get(..FRONT).unwrap_or(text);
    USE.captures(text)?.get(1).map(|name| name.as_bytes())
}

/// Returns the literal that the nearest assignment in front of `before` gives to a variable. A shell's needs no quotes.
pub(super) fn assigned(content: &[u8], before: usize, name: &[u8], bare: bool) -> Option<Range<usize>> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static SIGN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?-u)^(?:[ \t]*:[ \t]*[A-Za-z&][A-Za-z0-9_.<>&'\[\] ]{0,40})?(?:(?P<tight>=)|[ \t]*:?=[ \t]*)",
        )
        .expect("a valid pattern")
    });
    if name.len() < 2 {
        return None;
    }
    let from = before.saturating_sub(NEAR);
    let mentions = memchr::memmem::rfind_iter(content.get(from..before)?, name).map(|at| from + at);
    let (value, is_tight) = mentions.take(MENTIONS).find_map(|at| {
        let sign = SIGN.captures(content.get(at + name.len()..before)?)?;
        let value = at + name.len() + sign.get(0)?.end();
        let is_compared = matches!(content.get(value), Some(b'=' | b'>' | b'~'));
        let is_tight =
            sign.name("tight").is_some() && content.get(value).is_some_and(|b| !b.is_ascii_whitespace());
        (!is_compared && begins_statement(content, at)).then_some((value, is_tight))
    })?;
    let value = value + content.get(value..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    literal_at(content, value, bare && is_tight).filter(|value| value.end <= before)
}

/// Returns true if a statement begins at `at`, or words that declare a variable are in front of it.
fn begins_statement(content: &[u8], at: usize) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
        let words = "export|const|let|var|val|local|readonly|declare|static|final|private|public|protected|my|our|set|env|ENV|ARG|string|String|auto|char|std::string";
        Regex::new(&format!(
            // In a notebook, each line is a string.
            r#"(?-u)(?:^|[\n;{{]|&&|\|\||\\n)[ \t]*(?:"[ \t]*)?(?:(?:{words})[ \t]+(?:-[A-Za-z]+[ \t]+)?){{0,4}}(?:\$|self\.|this\.|\$this->|\$env:)?$"#
        ))
        .expect("a valid pattern")
    });
    let from = at.saturating_sub(FRONT);
    let front = content.get(from..at).unwrap_or_default();
    let line = memchr::memrchr(b'\n', front);
    let text = line.and_then(|line| front.get(line..)).unwrap_or(front);
    let is_cut = from > 0 && line.is_none();
    DECLARED.find(text).is_some_and(|found| !is_cut || found.start() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn value_of(text: &str, bare: bool) -> Option<&str> {
        let at = text.find('@').unwrap();
        let name = used_at(text.as_bytes(), at + 1)?;
        assigned(text.as_bytes(), at, name, bare).map(|range| text.get(range).unwrap())
    }

    #[test]
    fn found() {
        for text in [
            "token = \"v4lue\"\nlogin(@token)\n",
            "x = 1\nAPI_KEY: str = 'v4lue'\nf(@API_KEY)\n",
            "const apiKey = \"v4lue\";\nf(`@${apiKey}`)\n",
            "export const K1: string = \"v4lue\";\n@K1\n",
            "TOKEN=v4lue\nrun @$TOKEN\n",
            "set -e; export TOKEN=v4lue && run @\"${TOKEN}\"\n",
            "key := \"v4lue\"\nf(@key)\n",
            "$token = 'v4lue';\nf(@$token)\n",
            " \"token = \\\"v4lue\\\"\\n\",\n \"login(@token)\"\n",
            "{\"source\": \"x = 1\\nTOKEN = \\\"v4lue\\\"\\nlogin(@TOKEN)\"}",
            "self.key = \"v4lue\"\nf(@self.key)\n",
            "token = \"other\"\ntoken = \"v4lue\"\nlogin(@token)\n",
        ] {
            assert_eq!(value_of(text, true), Some("v4lue"), "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "token = \"v4lue\"\nlogin(@other)\n",
            "token = \"v4lue\"\nlogin(@token())\n",
            "token = \"v4lue\"\nlogin(@token.value)\n",
            "token = \"v4lue\"\ntoken = read()\nlogin(@token)\n",
            "f(a, token=\"v4lue\")\nlogin(@token)\n",
            "f(token=\"v4lue\")\nlogin(@token)\n",
            "get https://example.com/?a=b&token=v4lue\nrun @$token\n",
            "if token == \"v4lue\": pass\nlogin(@token)\n",
            "my_token = \"v4lue\"\nlogin(@token)\n",
            "login(@token)\ntoken = \"v4lue\"\n",
            "x.token = \"v4lue\"\nlogin(@token)\n",
        ] {
            assert_eq!(value_of(text, true), None, "{text}");
        }
        assert_eq!(value_of("TOKEN=v4lue\nrun @$TOKEN\n", false), None);
    }

    #[test]
    fn hostile_mentions_end() {
        let text = "aa=aa ".repeat(20_000);
        for at in (0..text.len()).step_by(6) {
            assigned(text.as_bytes(), at, b"aa", true);
        }
    }
}
