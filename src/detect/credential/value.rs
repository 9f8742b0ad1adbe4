//! Recognises values that are credentials of unknown shape. A value may also be a reference to a credential,
//! a path, or a placeholder.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::detect::{find, is_placeholder, randomness, shape, wording};
use crate::hub::tokens::roots;
use crate::hub::words::NAMES;

/// The shortest text behind the prefix of a token that may be a secret of unknown shape.
const MIN_BODY: usize = 20;

/// The length of the longest credential.
pub(super) const LONGEST: usize = 4096;
/// The possible lengths of a credential.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=LONGEST;

/// Returns true if a password for a Hugging Face host may be a real one of unknown shape.
pub(super) fn is_password(value: &[u8]) -> bool {
    may_be_password(value) && !has_known_shape(value)
}

fn may_be_password(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    LENGTHS.contains(&value.len())
        && !text.chars().any(char::is_control)
        && !is_placeholder(value)
        && !is_reference(text)
        && !is_abridged(text)
        && !names_itself(text)
}

/// Returns true if the value of a token variable may be a credential of unknown shape.
pub(super) fn is_opaque(value: &[u8]) -> bool {
    may_be_credential(value) && !has_known_shape(value) && !is_encoded_placeholder(value)
}

/// Returns true for the base64 text of a placeholder or of words, as the data of a Kubernetes secret may be.
fn is_encoded_placeholder(value: &[u8]) -> bool {
    decode_base64(value).is_some_and(|decoded| {
        let is_text = |b: &u8| matches!(b, b'\n' | b'\r' | 0x20..=0x7e);
        let text = decoded.trim_ascii();
        // `user:password`, of which only the password may be random.
        let login = memchr::memchr(b':', text).and_then(|colon| text.get(colon + 1..));
        let may_be = may_be_credential(text) || login.is_some_and(may_be_credential);
        text.len() >= 4 && decoded.iter().all(is_text) && !may_be
    })
}

/// Returns true if the value of a token variable may be a credential. The conditions of a password apply.
/// The value must also not be a path, a number, code or words, because variables hold all kinds of values.
pub(crate) fn may_be_credential(value: &[u8]) -> bool {
    if !LENGTHS.contains(&value.len()) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let is_path = ["/", "~", "./", "../"].iter().any(|start| text.starts_with(start))
        || text.contains("://")
        || text.contains('\\')
        || names_file(text);
    // A comment, a YAML alias or tag, or a `sed` pattern.
    let is_syntax = text.starts_with(['#', '*', '&', '!', '@', '|', '>']) || text.starts_with(".*");
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'_' | b'e'));
    let is_code =
        text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}'));
    // `op:…`, `vault:secret/x`, `ssm:/x`: a reference to a secret manager.
    let is_managed = text.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.len() <= 12 && scheme.bytes().all(|b| b.is_ascii_lowercase())
    });
    !is_path
        && !is_syntax
        && !is_number
        && !is_code
        && !is_managed
        && !wording::is_words(text)
        && may_be_password(value)
}

/// Returns true for a file name such as `hub-token1.txt`.
fn names_file(text: &str) -> bool {
    const EXTENSIONS: [&str; 14] =
        ["txt", "env", "json", "yaml", "yml", "toml", "ini", "cfg", "conf", "key", "pem", "md", "sh", "py"];
    text.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

/// Returns true if a user without a password in a URL is a credential and not the name of a person.
pub(super) fn is_lone_credential(user: &[u8]) -> bool {
    const SHORTEST: usize = 16;
    let kinds: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let kinds = kinds.iter().filter(|kind| user.iter().any(*kind)).count();
    user.len() >= SHORTEST && kinds >= 2 && randomness::is_varied(user) && is_password(user)
}

/// Returns true if the value begins like a token of another service.
pub(super) fn is_of_another_service(value: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 16] = [
        b"ghp_",
        b"gho_",
        b"ghs_",
        b"ghu_",
        b"github_pat_",
        b"glpat-",
        b"sk-",
        b"xox",
        b"AKIA",
        b"ASIA",
        b"ya29.",
        b"npm_",
        b"pypi-",
        b"dckr_pat_",
        b"nvapi-",
        b"AIza",
    ];
    PREFIXES.iter().any(|prefix| value.starts_with(prefix))
}

/// Returns the password in the base64 text of `user:password`.
pub(super) fn basic_password(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let decoded = decode_base64(text)?;
    let colon = memchr::memchr(b':', &decoded)?;
    Some(Zeroizing::new(decoded.get(colon + 1..)?.to_vec()))
}

/// Returns what a credential of unknown shape may be elsewhere: the password in a `Basic` header, and a value without
/// percent-encoding.
pub(crate) fn decoded_forms(text: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let percent = text.contains(&b'%').then(|| decode_percent(text));
    let is_text = |decoded: &Zeroizing<Vec<u8>>| decoded.iter().all(u8::is_ascii_graphic);
    basic_password(text).into_iter().chain(percent).filter(is_text).collect()
}

fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
        .map(Zeroizing::new)
}

/// Decodes percent-encoding such as `%41`.
fn decode_percent(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit =
        |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if let (b'%', Some(high), Some(low)) = (first, digit(behind.first()), digit(behind.get(1))) {
            decoded.push(high << 4 | low);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            decoded.push(first);
            rest = behind;
        }
    }
    decoded
}

/// Returns true if the value holds a token of known shape, plain or encoded. The token search finds those in
/// any file.
fn has_known_shape(value: &[u8]) -> bool {
    // A longer text that begins like a token has no known shape.
    let is_one = |text: &[u8]| shape::to_mask(text).is_some_and(|(_, len)| len == text.len());
    let holds = |text: &[u8]| is_one(text) || !find(text).is_empty();
    holds(value)
        || (value.contains(&b'%') && holds(&decode_percent(value)))
        || decode_base64(value).is_some_and(|decoded| holds(&decoded))
}

/// Returns true for a value with a part that is substituted before use: `a${NAME}b`, `$(cat …)`, `{{ … }}`,
/// `%(name)s`, `<token>`.
fn is_reference(text: &str) -> bool {
    ["${", "$(", "{{", "%(", "%{", "`"].iter().any(|sign| text.contains(sign))
        || (text.contains('<') && text.contains('>'))
        || (text.starts_with('{') && text.ends_with('}'))
        || text == "%s"
}

/// Returns true for a value that its author abridged or redacted: `hf_ab…yz`, `abc***`, `hf_xxxx1234`.
fn is_abridged(text: &str) -> bool {
    let folded = text.to_ascii_lowercase();
    ["...", "…", "***", "xxxx", "----", "____"].iter().any(|sign| folded.contains(sign))
}

/// Returns true for words that include the name of the expected value: `hf-token-secret`, `YourPassword`,
/// `mytoken1`.
fn names_itself(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "token",
        "tokens",
        "password",
        "passwd",
        "pass",
        "key",
        "apikey",
        "secret",
        "secrets",
        "here",
        "your",
        "example",
        "placeholder",
        "replace",
        "changeme",
        "change",
        "insert",
        "dummy",
        "fake",
        "redacted",
    ];
    // The prefix of a token names the vendor.
    let body = roots().find_map(|root| text.strip_prefix(root)).filter(|body| body.len() >= MIN_BODY);
    let text = body.filter(|body| randomness::is_varied(body.as_bytes())).unwrap_or(text);
    // A text with more digits than a counter has is not made of words.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits <= 4
        && text.split(['-', '_', '.', ':', '/', ' ']).any(|piece| {
            let piece = piece.trim_end_matches(|c: char| c.is_ascii_digit());
            let folded = piece.to_ascii_lowercase();
            let is_word = piece.bytes().all(|b| b.is_ascii_alphabetic());
            let ends = ["token", "password", "secret"].iter().any(|end| folded.ends_with(end));
            let is_listed = |word: &str| WORDS.contains(&word) || NAMES.contains(&word);
            is_listed(&folded) || (is_word && ends) || holds_long_word(piece, is_listed)
        })
}

/// Returns true if one of the listed words is a part of a camel case text. Short words occur by chance and
/// do not count.
fn holds_long_word(camel: &str, is_listed: impl Fn(&str) -> bool) -> bool {
    let starts = camel.bytes().enumerate().filter(|(_, b)| b.is_ascii_uppercase()).map(|(at, _)| at);
    let starts: Vec<usize> = std::iter::once(0).chain(starts).chain([camel.len()]).collect();
    starts
        .windows(2)
        .filter_map(|pair| camel.get(*pair.first()?..*pair.last()?))
        .any(|part| part.len() >= 5 && is_listed(&part.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::token;

    #[test]
    fn passwords() {
        for value in [
            "opaque-v4lue-of-old",
            "correct-horse-battery",
            "tOkenizeR88aQw2",
            "p@ss/w0rd=Q",
            "S3cr3t!Value",
            "api_12ab34cd56",
            "сложныйпароль",
            "難しい合言葉",
        ] {
            assert!(is_password(value.as_bytes()), "{value}");
        }
        for value in [
            "",
            "short",
            "password",
            "mypassword",
            "your_password",
            "changeme",
            "$HF_TOKEN",
            "a${HF_TOKEN}b",
            "$(cat /run/x)",
            "<your token>",
            "{hf_token}",
            "hf_ab...yz1234",
            "hf_xxxxXXXX1234",
            "****",
            "{{ password }}",
            "hf-token-secret",
            "YourHuggingFaceToken",
            "token1234",
            "x-oauth-basic",
            "hidden-by-ci",
            "not-required",
            "credential",
        ] {
            assert!(!is_password(value.as_bytes()), "{value}");
        }
        assert!(!is_password(&[0xff; 20]));
        assert!(!is_password(&[b"opaque".as_slice(), &[0], b"value-of-old"].concat()));
    }

    #[test]
    fn known_shapes_are_the_searchs_own() {
        let token = token("hf_");
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{token}"));
        for value in [token.clone(), format!("a-{token}"), token.replace('_', "%5F"), encoded.clone()] {
            assert!(!is_password(value.as_bytes()));
        }
        assert_eq!(basic_password(encoded.as_bytes()).unwrap().as_slice(), token.as_bytes());
        assert!(basic_password(b"no base64!").is_none());
    }

    #[test]
    fn what_a_variable_is_given() {
        for value in
            ["opaque-v4lue-of-old", "0123456789abcdefABCD", "S3cr3t!Value", "abcdefgh12345678", "opaqueValue"]
        {
            assert!(is_opaque(value.as_bytes()), "{value}");
        }
        for value in [
            "/run/secrets/hf",
            "~/.token-of-hub",
            "./token-file-x",
            "https://vault/v1/x1",
            "12345678901",
            "1.5e-10000",
            "get_token()",
            "os.environ[x]",
            "two words-1",
            "op://vault/item",
            "vault:secret1/x",
            "sm://x12345",
            "correct-horse-battery",
            "projects/123456789/secrets/hub/versions/1",
            "us-central1-hub",
            "HUB_PASS_FROM_VAULT",
            "something",
            "#set-me-n0w2",
            "*anchor-0f-it1a",
            "!Tag-0f1a",
            ".*/HF_TOKEN=abc123d/",
            "hub2you.txt",
            "不要提交",
        ] {
            assert!(!is_opaque(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_lone_user() {
        for user in ["Zq7umpmhsEJNpjJOQGar", "a8f3k2m9x7c1v5b6n4q0"] {
            assert!(is_lone_credential(user.as_bytes()), "{user}");
        }
        for user in
            ["git", "user", "hf_user", "oauth2", "julien-c", "alice-and-bob-of-hub", "HuggingFaceUsername"]
        {
            assert!(!is_lone_credential(user.as_bytes()), "{user}");
        }
    }
}
