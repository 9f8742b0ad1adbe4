//! Masks the values that a text gives to token variables, options and headers, whatever their shape is.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::detect::build_arguments;
use crate::detect::is_placeholder;
use crate::detect::is_token_variable;
use crate::detect::may_be_credential;
use crate::hub::addresses::REPOSITORIES;
use crate::hub::programs::FLAGS;

/// The values that are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All except placeholders and references.
    All,
    /// Only those that may be a credential. Code, words and paths are shown.
    Credentials,
}

/// Masks the values of build arguments. They are not quoted, so a value extends to the next argument.
pub(super) fn mask_build_arguments(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for argument in build_arguments(bytes).into_iter().rev().filter(|a| is_token_variable(a.name)) {
        if !is_harmless(bytes.get(argument.value.clone()).unwrap_or_default()) {
            out.splice(argument.value, "…".bytes());
        }
    }
    out
}

/// Returns true if a value may be shown: it is already masked, is a placeholder, or is a reference.
fn is_harmless(value: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static MASKED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:[a-z_]*…[A-Za-z0-9_-]{0,4}|\$[A-Za-z_][A-Za-z0-9_]*|\$[{(].*|%[A-Za-z0-9_]+%|\{\{.*)$",
        )
        .expect("a valid pattern")
    });
    // The end of code that is quoted in a sentence.
    let value = value.strip_suffix(b"`").unwrap_or(value);
    MASKED.is_match(value) || (is_placeholder(value) && !matches!(value.first(), Some(b'$' | b'{')))
}

/// The bytes of values that are looked at, as a multiple of the length of the text. Values overlap where one name follows
/// another in one word, so that long words of names would take quadratic time.
const MAX_LOOKED_AT: usize = 64;

/// Masks values of any shape that are given to token variables or to options like `--token`, sent as a
/// bearer token, or used as the password of a URL.
pub(super) fn mask_values(bytes: &[u8], extent: Extent) -> Vec<u8> {
    // A Hub token may be the whole user part of a URL.
    #[expect(clippy::expect_used, reason = "the pattern is made of constants, and compiled by every test")]
    static LONE: LazyLock<Regex> = LazyLock::new(|| {
        let hosts = REPOSITORIES.map(regex::escape).join("|");
        Regex::new(&format!(r#"(://)([^/@\s:"'…]{{8,}})(@(?:{hosts}))"#)).expect("a valid pattern")
    });
    let mut left = MAX_LOOKED_AT.saturating_mul(bytes.len());
    let values = mask_values_within(bytes, extent, &mut left);
    LONE.replace_all(&values, "${1}…${3}".as_bytes()).into_owned()
}

/// Masks values until `left` bytes of them were looked at. The rest of the text is not shown.
fn mask_values_within(bytes: &[u8], extent: Extent, left: &mut usize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static LEAD: LazyLock<Regex> = LazyLock::new(|| {
        let flags = FLAGS.join("|");
        let pattern = [
            r#"(?-u)\b(?P<name>[A-Za-z_][A-Za-z0-9_]{1,63})(?:["']?[ \t]*=[ \t]*|["']?:[ \t]+|["'][ \t]*:[ \t]*)(?:(?i:bearer|basic)[ \t]+)?"#,
            r"|\b(?i:env)[ \t]+(?P<legacy>[A-Za-z_][A-Za-z0-9_]{1,63})[ \t]+",
            r"|--?(?:",
            &flags,
            r#"|oauth2-bearer)(?:=|[ \t]+|"[, \t]+)"#,
            r#"|\b(?i:bearer)[ \t]+|://[^/@\s:"']*:"#,
        ];
        Regex::new(&pattern.concat()).expect("a valid pattern")
    });
    let mut values = Vec::with_capacity(bytes.len());
    let mut done = 0;
    let mut from = 0;
    while let Some(captures) = LEAD.captures_at(bytes, from) {
        let Some(lead) = captures.get(0) else { break };
        from = lead.end().max(lead.start() + 1);
        let name = captures.name("name").or_else(|| captures.name("legacy"));
        let name = name.map(|name| String::from_utf8_lossy(name.as_bytes()));
        let carries = |name: &str| is_token_variable(name) || name.eq_ignore_ascii_case("authorization");
        if !name.is_none_or(|name| carries(&name)) {
            // The text that looks like a value may be the next name.
            continue;
        }
        let Some(value) = Value::at(bytes.get(lead.end()..).unwrap_or_default()) else { continue };
        let Some(more) = left.checked_sub(value.len) else {
            values.extend_from_slice(bytes.get(done..lead.end()).unwrap_or_default());
            values.extend_from_slice("…".as_bytes());
            return values;
        };
        *left = more;
        let is_in_url = lead.as_bytes().starts_with(b"://");
        let written = bytes.get(lead.end()..lead.end() + value.len).unwrap_or_default();
        if extent == Extent::Credentials && !is_in_url && !holds_credential(written) {
            continue;
        }
        if let Some(masked) = value.masked(is_in_url) {
            values.extend_from_slice(bytes.get(done..lead.end()).unwrap_or_default());
            values.extend_from_slice(&masked);
            done = lead.end() + value.len;
            from = done;
        }
    }
    values.extend_from_slice(bytes.get(done..).unwrap_or_default());
    values
}

/// Returns true if a part of a value may be a credential, also one that quotes split.
fn holds_credential(value: &[u8]) -> bool {
    let is_part = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~' | b'"' | b'\'' | b'\\')
    };
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b'\\');
    let whole = |piece: &[u8]| piece.iter().copied().filter(|b| !is_quote(b)).collect::<Vec<u8>>();
    may_be_credential(&whole(value))
        || value.split(|&b| !is_part(b)).any(|piece| may_be_credential(&whole(piece)))
}

/// A value that is given to a name, with the quotes around it.
struct Value<'a> {
    open: &'a [u8],
    text: &'a [u8],
    close: &'static [u8],
    /// The length with quotes.
    len: usize,
}

impl<'a> Value<'a> {
    /// Reads the value at the start of `bytes`.
    fn at(bytes: &'a [u8]) -> Option<Self> {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static VALUE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                // A quoted value extends to its closing quote, blanks included.
                r#"(?-u)\A(?:""|'')*(?:\\\r?\n[ \t]*)?"#,
                r#"(?:(?P<double>\\*")(?P<in_double>[^"]+)"|(?P<single>')(?P<in_single>[^']+)'"#,
                r#"|(?P<quote>["']?)(?P<value>(?:\\.|[^\s"'\\])*[^\s"'\\;)&|,]))"#,
                // The pieces behind it belong to the same word.
                r#"(?:\\\r?\n[ \t]*[^\s"'\\;)&|,]+|"[^"\s]*"|'[^'\s]*'|[A-Za-z0-9_.~+/=-]+)*"#,
            ))
            .expect("a valid pattern")
        });
        let captures = VALUE.captures(bytes)?;
        let group = |name| captures.name(name).map(|group| group.as_bytes());
        let (open, text, close): (&[u8], &[u8], &[u8]) = if let Some(text) = group("in_double") {
            let open = group("double").unwrap_or_default();
            (open, text, if open.len() > 1 { b"\\\"" } else { b"\"" })
        } else if let Some(text) = group("in_single") {
            (b"'", text, b"'")
        } else {
            (group("quote").unwrap_or_default(), group("value")?, b"")
        };
        Some(Self { open, text, close, len: captures.get(0)?.len() })
    }

    /// Returns the masked value with its quotes, or `None` if the value may be shown.
    fn masked(&self, is_in_url: bool) -> Option<Vec<u8>> {
        if is_harmless(self.text) {
            return None;
        }
        if is_in_url {
            // Only text in front of an `@` is a password; a port is not.
            let at = memchr::memrchr(b'@', self.text)?;
            // A port and a repository in front of an image's digest are none either.
            let is_digest = |behind: &[u8]| behind.starts_with(b"sha256:") || behind.starts_with(b"sha512:");
            if self.text.get(at + 1..).is_some_and(is_digest) {
                return None;
            }
            if is_harmless(self.text.get(..at).unwrap_or_default()) {
                return None;
            }
            return Some(["…".as_bytes(), self.text.get(at..).unwrap_or_default()].concat());
        }
        Some([self.open, "…".as_bytes(), self.close].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_shown_and_credentials_are_not() {
        let shown =
            |text: &str| String::from_utf8(mask_values(text.as_bytes(), Extent::Credentials)).unwrap();
        for text in [
            "hf_token = __import__(\"os\").environ.get(\"HF_TOKEN\")",
            "hf_token = os.environ[\"HF_TOKEN\"]",
            "hf_token: str | None = None",
            "hf_token = args.hf_token",
            "hf_token = config[\"hub\"][\"token\"]",
            "[ \"$HF_TOKEN\" = \"skip\" ]",
            "ARG HF_TOKEN=unset",
            "HF_TOKEN=optional_for_gated ./x",
            "login(token=os.getenv('HF_TOKEN'))",
            "--token \"$(cat /run/secrets/hub)\"",
            "git clone https://user:$HF_TOKEN@huggingface.co/a/b",
            "docker://127.0.0.1:5000/team/app@sha256:0123",
            "hf_token = get_secret(\"hub/token\")",
            "{\"hf_token\": true}",
        ] {
            assert_eq!(shown(text), text);
        }
        let (head, tail) = ("Zq7umpmhs", "EJNpjJOQGarb3FlYmGylvuh4fJXq901");
        let opaque = format!("{head}{tail}");
        for text in [
            format!("hf_token = \"{opaque}\""),
            format!("hf_token = decode(\"{opaque}\")"),
            format!("hf auth login --token {opaque}"),
            format!("hf auth login --token {head}\"\"{tail}"),
            format!("Authorization: Bearer {opaque}"),
            "git clone https://u:hunter2x@huggingface.co/x".to_owned(),
        ] {
            let shown = shown(&text);
            assert!(!shown.contains(tail) && !shown.contains("hunter"), "{shown}");
        }
    }

    /// The bytes of values that were looked at, and the masked text.
    fn looked_at(text: &str) -> (usize, String) {
        let mut left = MAX_LOOKED_AT * text.len();
        let masked = mask_values_within(text.as_bytes(), Extent::All, &mut left);
        (MAX_LOOKED_AT * text.len() - left, String::from_utf8(masked).unwrap())
    }

    #[test]
    fn names_in_one_word_take_linear_time() {
        for (word, is_cut) in
            [("abc=b,", false), ("HF_TOKEN=$", true), ("HF_TOKEN={{", true), ("://a:", true), ("a=b&", false)]
        {
            let text = word.repeat(8000);
            let (looked_at, masked) = looked_at(&text);
            assert!(looked_at <= MAX_LOOKED_AT * text.len());
            assert_eq!(masked.ends_with('…') && masked.len() < text.len(), is_cut, "{word}");
            assert!(is_cut || masked == text, "{word}");
        }
    }

    #[test]
    fn long_texts_of_references_are_shown() {
        let brokers = "http://host-12345:8080,".repeat(60);
        let lines = "HF_TOKEN=$HF_TOKEN python run.py --token=$HF_TOKEN\n".repeat(2000);
        for text in [brokers, lines] {
            assert_eq!(looked_at(&text).1, text);
        }
    }
}
