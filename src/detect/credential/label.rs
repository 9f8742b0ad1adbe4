//! Values behind a label in prose: `Hugging Face token: …`, `API key for Hugging Face = …`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::value_at;
use super::value::is_opaque;
use crate::hub::words::VENDOR;

/// Returns the offsets of such values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        let word = r"\(?(?:the|my|hub|user|api|access|auth|read|write|personal|inference)\)?[ \t-]{1,2}";
        let secret = r"(?:token|key|secret|password|credentials?)";
        Regex::new(&format!(
            concat!(
                r"(?i-u)\b(?:{vendor}(?:\.co)?[ \t-]{{1,2}}(?:{word}){{0,3}}{secret}|{secret}[ \t]for[ \t]{vendor})",
                r#"[*_"'`]{{0,3}}[ \t]*(?:[:=]|is)[*_]{{0,3}}[ \t]*(?:\r?\n[ \t]*)?"#
            ),
            vendor = VENDOR,
            word = word,
            secret = secret
        ))
        .expect("a valid pattern")
    });
    LABEL
        .find_iter(content)
        .filter_map(|label| value_at(content, label.end(), true))
        .filter(|value| content.get(value.clone()).is_some_and(is_opaque))
        .map(|value| value.start)
        .collect()
}

/// Returns true if a text has one of the words for a secret that labels have.
pub(super) fn names_secret(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"token", b"key", b"secret", b"password", b"credential"];
    WORDS.iter().any(|word| text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "notes\nHugging Face API key: !opaque-v4lue\n",
            "Hugging Face token = !opaque-v4lue\n",
            "- **Hugging Face access token**: `!opaque-v4lue`\n",
            "hugging face token:\n!opaque-v4lue\n",
            "HuggingFace User Access Token: \"!opaque-v4lue\"\n",
            "HuggingFace (read) token: !opaque-v4lue\n",
            "huggingface.co password = !opaque-v4lue\n",
            "Hugging-Face token: !opaque-v4lue\n",
            "API key for Hugging Face: !opaque-v4lue\n",
            "# HF token: !opaque-v4lue\n",
            "# my hf token: !opaque-v4lue\n",
            "// hf token: !opaque-v4lue\n",
            "HF Token: !opaque-v4lue\n",
            "HF key: !opaque-v4lue\n",
            "HF access token: `!opaque-v4lue`\n",
            "HF api token = !opaque-v4lue\n",
            "HF (read) token: !opaque-v4lue\n",
            "**HF write token:** !opaque-v4lue\n",
            "HF secret: !opaque-v4lue\n",
            "HF password: !opaque-v4lue\n",
            "token for HF: !opaque-v4lue\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "Hugging Face token: see below\n",
            "Hugging Face token: your_token_here\n",
            "Hugging Face token: $HF_TOKEN\n",
            "Hugging Face tokenizer: opaque-v4lue\n",
            "Hugging Face model: opaque-v4lue\n",
            "A token of Hugging Face; github: opaque-v4lue\n",
            "GitHub token: opaque-v4lue\n",
            "The shelf token: opaque-v4lue\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
