//! Credentials of a shape that no pattern knows: small files that hold one word, and the Hub client's
//! `stored_tokens`. Whether such a file is a place where a token is kept is for others to say.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::finding::Position;

use super::position::Lines;

/// Larger files are not looked at: a token file holds a line.
pub const MAX_KEPT: u64 = 16 * 1024;
/// How long such a word is.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=512;

/// How a small file holds what may be a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeptForm {
    /// It holds one word and nothing else, as the Hub client writes `token`.
    Word,
    /// It is an INI file with `hf_token` or `refresh_token` in a section, as the client writes
    /// `stored_tokens`.
    StoredTokens,
}

/// What may be a credential in a small file. Only its place: the text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptToken {
    /// How the file holds it.
    pub form: KeptForm,
    /// Offset of its first byte.
    pub offset: u64,
    /// Line and column.
    pub position: Option<Position>,
}

/// What `content`, the whole of a file of at most [`MAX_KEPT`] bytes, holds that may be a credential.
/// Placeholders are not.
pub fn kept_tokens(content: &[u8]) -> Vec<KeptToken> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static STORED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m-u)^[ \t]*(?:hf_token|refresh_token)[ \t]*[=:][ \t]*([^\s]+)[ \t]*\r?$")
            .expect("a valid pattern")
    });
    if let Some(at) = lone_word(content) {
        return vec![kept(KeptForm::Word, content, at)];
    }
    let Some(section) = memchr::memchr(b'[', content) else { return Vec::new() };
    let values = STORED.captures_iter(content).filter_map(|captures| captures.get(1));
    values
        .filter(|value| value.start() > section && LENGTHS.contains(&value.len()))
        .filter(|value| !is_placeholder(value.as_bytes()))
        .map(|value| kept(KeptForm::StoredTokens, content, value.start()))
        .collect()
}

fn kept(form: KeptForm, content: &[u8], at: usize) -> KeptToken {
    let mut lines = Lines::default();
    lines.look_for_nul(0, content);
    KeptToken { form, offset: at as u64, position: lines.cursor().position(content, at) }
}

/// Where the one word stands that a file holds, if that is all it holds.
fn lone_word(content: &[u8]) -> Option<usize> {
    let word = content.trim_ascii();
    // Most files have a blank among their first bytes, so this ends soon.
    let printable = LENGTHS.contains(&word.len())
        && word.iter().all(|b| b.is_ascii_graphic() || !b.is_ascii())
        && std::str::from_utf8(word).is_ok();
    (printable && !is_placeholder(word)).then(|| content.len() - content.trim_ascii_start().len())
}

/// The texts, in lower case and without what is neither letter nor digit.
const TEXTS: [&str; 68] = [
    "none",
    "null",
    "nil",
    "false",
    "true",
    "undefined",
    "empty",
    "token",
    "mytoken",
    "hftoken",
    "myhftoken",
    "yourtoken",
    "yourtokenhere",
    "yourhftoken",
    "yourhftokenhere",
    "yourhuggingfacetoken",
    "yourhuggingfacetokenhere",
    "yourhuggingfaceapitoken",
    "yourhuggingfaceapitokenhere",
    "addyourhuggingfacetokenhere",
    "inserttokenhere",
    "insertyourtokenhere",
    "putyourtokenhere",
    "tokenhere",
    "tokengoeshere",
    "replaceme",
    "replacewithyourtoken",
    "changeme",
    "changeit",
    "changethis",
    "placeholder",
    "dummy",
    "dummytoken",
    "fake",
    "faketoken",
    "example",
    "exampletoken",
    "sampletoken",
    "testtoken",
    "redacted",
    "secret",
    "unset",
    "0",
    "1",
    "no",
    "yes",
    "todo",
    "fixme",
    "tbd",
    "na",
    "test",
    "default",
    "tobeset",
    "notset",
    "setatruntime",
    "overrideme",
    "thetoken",
    "sometoken",
    "huggingfacetoken",
    "huggingfacehubtoken",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "abcdef",
    "sentinel",
];

/// Whether a value stands for a token rather than being one: a reference to a variable, a template, a
/// text of the closed list that documentation uses, or a known prefix with nothing random behind it.
/// Blanks, `-` and `_` do not count.
pub fn is_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let enclosed = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    if text.is_empty()
        || text.starts_with('$')
        || enclosed("<", ">")
        || enclosed("{", "}")
        || enclosed("[", "]")
        || enclosed("%", "%")
        || enclosed("__", "__")
        || enclosed("@", "@")
        || enclosed("#{", "}")
        || text.starts_with("file:/")
        || super::is_token_variable(text)
        || is_request(text)
    {
        return true;
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let first = plain.chars().next();
    if plain.chars().all(|c| Some(c) == first) || TEXTS.contains(&plain.as_str()) {
        return true;
    }
    for prefix in ["hf_", "api_org_"] {
        if let Some(body) = text.strip_prefix(prefix) {
            let body_plain = plain.strip_prefix(prefix.replace('_', "").as_str()).unwrap_or_default();
            return TEXTS.contains(&body_plain)
                || body.len() < 20
                || !super::randomness::is_varied(body.as_bytes());
        }
    }
    false
}

/// `put-your-token-here`, `my_hf_token`: words that ask for a token, with no digit among them.
fn is_request(text: &str) -> bool {
    const STARTS: [&str; 12] = [
        "your", "my_", "put_", "enter_", "insert_", "add_", "replace_", "paste_", "example_", "dummy_",
        "fake_", "change",
    ];
    let folded = text.to_ascii_lowercase().replace(['-', ' '], "_");
    let body = folded.strip_prefix("hf_").unwrap_or(&folded);
    text.len() <= 64
        && body.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        && STARTS.iter().any(|start| body.starts_with(start))
        && body.split('_').any(|word| matches!(word, "token" | "key" | "here" | "secret" | "me"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_kept() {
        for (content, at) in
            [("opaque-token-of-old", 0), ("\n  opaque-token-of-old\n", 3), ("pässword-etc", 0)]
        {
            let found = kept_tokens(content.as_bytes());
            assert_eq!(found.len(), 1, "{content:?}");
            assert_eq!(found[0].form, KeptForm::Word);
            assert_eq!(found[0].offset, at);
        }
    }

    #[test]
    fn other_content_is_not() {
        for content in [
            "",
            "short",
            "two words-in-it",
            "{\"a\": 1}\n",
            "long-enough\nbut two lines",
            "bin\0ary-bytes",
            "changeme",
        ] {
            assert_eq!(kept_tokens(content.as_bytes()), [], "{content:?}");
        }
        assert_eq!(kept_tokens(&[b'x'; 600]), []);
        assert_eq!(kept_tokens(b"\xff\xfe-not-utf-8"), []);
    }

    #[test]
    fn stored_tokens() {
        let content = "[laptop]\nhf_token = opaque-token-1\n\n[oauth-a]\nhf_token = opaque-token-2\nrefresh_token = opaque-token-3\nexpires_at = 1790000000\n";
        let found = kept_tokens(content.as_bytes());
        let lines: Vec<_> = found.iter().map(|k| k.position.unwrap().line).collect();
        assert_eq!(lines, [2, 5, 6]);
        assert!(found.iter().all(|k| k.form == KeptForm::StoredTokens));
        assert_eq!(kept_tokens(b"hf_token = no-section-above\nand = more\n"), []);
        assert_eq!(kept_tokens(b"[a]\nhf_token = <your token>\n"), []);
    }

    #[test]
    fn placeholders() {
        for value in [
            "",
            "changeme",
            "CHANGE_ME",
            "<your token>",
            "your_token_here",
            "hf_your_token_here",
            "hf_YOUR_TOKEN_HERE",
            "hf_xxxxxxxxxxxxxxxx",
            "hf_...",
            "hf_***",
            "$HF_TOKEN",
            "${HF_TOKEN}",
            "{{ HF_TOKEN }}",
            "xxxxxxxx",
            "None",
            "ADD_YOUR_HUGGING_FACE_TOKEN_HERE",
            "your_huggingface_api_token_here",
            "mytoken",
            "hf_token",
            "hf_dummy",
            "hf_abcdefghijklmnopqrstuvwxyz",
            "********",
            "TOKEN_HERE",
            "PUT-YOUR-TOKEN-HERE",
            "enter-your-token",
            "to_be_set",
            "not-set",
            "set_at_runtime",
            "overrideme",
            "my-token",
            "the_token",
            "some_token",
            "hugging_face_token",
            "HF_TOKEN",
            "@HF_TOKEN@",
            "#{HF_TOKEN}",
            "file:/run/secrets/x",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["opaque-token-of-old", "correct-horse", "api_0123456789abcdef", "s3cr3t-v4lue"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
