//! Texts of words that people and configurations write in place of a token.

use crate::hub::words::NAMES;

/// Words for a token and for the place of the real one. A text without any other words is a placeholder.
const WORDS: &str = " a access actual add after all an and anon anonymous any anything api apikey aqui at auth \
    authentication bar basic baz be bearer before blank bogus build but by cd change changed changeit changeme chave \
    ci clave credential credentials cred creds default dev development disabled do docs does dont download dummy empty \
    enabled enter env environment example expired face fake false field file fill filtered fine fixme foo foobar \
    foobarbaz for from gated get go goes grained has here hidden hier hub ici if ignored \
    in input insert invalid is it jeton key keys later local login masked me missing mock mocked model models must my \
    na need needed needs never nil no none not nothing notused null oauth of off omitted on only optional or our \
    override overridden passwd password paste placeholder please private prod production protected provide provided \
    public put qui qux read readonly real redacted removed replace replaced require required runtime sample sanitised \
    sanitized secret secrets secure secured see seu sentinel set should some something specify staging string stripped \
    stub su sua tba tbd temp temporary test tested testing tests testtest text the then there this tmp to todo token \
    tokens true tu type undefined unknown unneeded unset unused use used user username valid value values var variable \
    vault via void votre was will with write x xxx yes you your ";

/// Such words of languages that are written without blanks.
const UNSPACED: [&str; 9] = ["令牌", "密码", "密钥", "你的", "您的", "请", "トークン", "ここ", "토큰"];

/// Returns true if a text consists only of words from the closed list, some of them with a counter:
/// `not-a-real-value`, `ci-placeholder`, `test_value_123`.
pub(super) fn is_stand_in(text: &str) -> bool {
    const LONGEST: usize = 128;
    if text.len() > LONGEST {
        return false;
    }
    if !text.is_ascii() {
        return UNSPACED.iter().any(|word| text.contains(word));
    }
    let is_known = |piece: &str| {
        let word = piece.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_counter = piece.len() - word.len() <= 4;
        // The list is searched for the word with its surrounding blanks, so that a part of a word does not
        // match.
        let folded = word.to_ascii_lowercase();
        let is_word = word.is_empty()
            || NAMES.contains(&folded.as_str())
            || (word.bytes().all(|b| b.is_ascii_alphabetic()) && WORDS.contains(&format!(" {folded} ")));
        is_counter && is_word
    };
    let mut pieces = text.split(['-', '_', ' ']).filter(|piece| !piece.is_empty()).peekable();
    pieces.peek().is_some() && text.bytes().any(|b| b.is_ascii_alphabetic()) && pieces.all(is_known)
}

/// Returns true if a text consists of words, names and numbers and was not drawn by a generator:
/// `my-dog-has-fleas`, `us-central1-hub`, `projects/123/secrets/hub`. A piece with a digit among its
/// letters, a change of case within a word, or twenty letters is not a word.
pub(super) fn is_words(text: &str) -> bool {
    const LONG: usize = 20;
    const NUMBER: usize = 12;
    if !text.is_ascii() {
        return true;
    }
    let pieces: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()).collect();
    let mut counters = 0;
    let is_word = |piece: &&str| {
        let letters = piece.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = piece.len() - letters.len();
        if letters.is_empty() {
            return digits <= NUMBER;
        }
        counters += digits;
        let behind = letters.as_bytes().get(1..).unwrap_or_default();
        let one_case =
            behind.iter().all(u8::is_ascii_lowercase) || letters.bytes().all(|b| b.is_ascii_uppercase());
        one_case && letters.len() < LONG
    };
    let is_made_of_words = pieces.iter().all(is_word);
    // A single word with a number after it looks like a password.
    is_made_of_words && counters <= if pieces.len() > 1 { 4 } else { 0 }
}

/// Returns true if a text is the path of a file and consists of words: `/run/secrets/hf_token`, `~/.hub`.
pub(super) fn is_path(text: &str) -> bool {
    ["~/", "./", "../"].iter().any(|start| text.starts_with(start))
        || (text.starts_with('/') && is_words(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins() {
        for text in [
            "optional_for_gated",
            "not-needed",
            "not-required",
            "anonymous",
            "disabled",
            "required",
            "none-required",
            "ci-placeholder",
            "not-a-real-value",
            "Not A Real Value",
            "foobarbaz",
            "testtest",
            "test-value-123",
            "prod-env-file",
            "credential",
            "filtered",
            "sanitized",
            "masked-value",
            "hidden-by-ci",
            "x-oauth-basic",
            "votre_jeton_ici",
            "tu_clave_aqui",
            "你的令牌在这里",
            "ここにトークンを入力",
        ] {
            assert!(is_stand_in(text), "{text}");
        }
        for text in [
            "",
            "-",
            "1234-5678",
            "correct-horse",
            "opaque-value",
            "test-12345",
            "te-st",
            "пароль",
            "not!real",
        ] {
            assert!(!is_stand_in(text), "{text}");
        }
        assert!(!is_stand_in(&"not-real-".repeat(20)));
    }

    #[test]
    fn paths() {
        for text in ["/run/secrets/hf_token", "~/.hub-t0ken", "./t0ken", "../t0ken"] {
            assert!(is_path(text), "{text}");
        }
        for text in ["/0paque+v4lueOfOld", "run/secrets", "~opaque"] {
            assert!(!is_path(text), "{text}");
        }
    }

    #[test]
    fn words_and_names() {
        for text in [
            "",
            "instruction",
            "my-dog-has-fleas",
            "My-Dog-Has-Fleas",
            "HUB_PASS_FROM_VAULT",
            "us-central1-hub",
            "projects/123456789/secrets/hub/versions/1",
            "get-it-from-hf.co",
            "12345678",
            "REPLACED/",
            "不要提交1",
        ] {
            assert!(is_words(text), "{text}");
        }
        for text in [
            "opaque-v4lue",
            "0paque-v4lue-ofOld",
            "hunter2pass",
            "abcdefgh12345678",
            "AB12-CD34-EF56",
            "ZqumpmhsEJNpjJOQ",
            "opaqueValue",
            "kfjvnqpwoeirutyalskdjf",
            "123e4567-e89b-12d3-a456-426614174000",
        ] {
            assert!(!is_words(text), "{text}");
        }
    }
}
