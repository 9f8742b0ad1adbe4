//! Names of variables that carry a token.

use super::wording::is_words;
use crate::hub::variables::{
    CLIENT_SECRET, EXACT, HUB, JOINED, OTHER_KINDS, REVERSED, SCOPES, SECRETS, SETTINGS, SHARED, SPEAKING,
};

/// The last word of names such as `HF_API`, whose value may be an address.
const API: &str = "API";

/// Returns true if a variable of this name carries a Hugging Face token. These are the names that tools read
/// and names that people choose (`HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, `myHfApiKey`, `TOKEN_HF`, …), but not the
/// many names that only refer to a token (`HF_TOKEN_PATH`, `HF_TOKENIZER`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`).
pub(crate) fn is_token_variable(name: &str) -> bool {
    let name = folded(name);
    if EXACT.contains(&name.as_str()) {
        return true;
    }
    let words = words_of(&name);
    if words.iter().any(|word| SPEAKING.contains(word)) {
        return false;
    }
    // `2`, `V2`
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let is_version = |word: &str| word.strip_prefix('V').is_some_and(|n| !n.is_empty() && is_number(n));
    let is_scope = |word: &str| SCOPES.contains(&word) || is_number(word) || is_version(word);
    let scopes = words.iter().rev().take_while(|word| is_scope(word)).count();
    let words = words.get(..words.len() - scopes).unwrap_or_default();
    let is_of_hub = |words: &[&str]| HUB.iter().any(|hub| words.windows(hub.len()).any(|part| part == *hub));
    let is_other_kind = |front: &[&str]| front.last().is_some_and(|word| OTHER_KINDS.contains(word));
    let front_of_hub = HUB.iter().find_map(|hub| words.strip_suffix(*hub));
    match (front_of_hub, words) {
        // `TOKEN_HF`
        (Some([front @ .., secret]), _) if REVERSED.contains(secret) => !is_other_kind(front),
        (_, [front @ .., last]) => SECRETS.contains(last) && is_of_hub(front) && !is_other_kind(front),
        _ => false,
    }
}

/// Returns a name in upper case, with its words joined by underscores: `hfToken`, `hf-token`, `hf.token`.
fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len() + 4);
    let mut letters = name.chars().peekable();
    let mut before = '_';
    while let Some(letter) = letters.next() {
        let is_lower_behind = letters.peek().is_some_and(char::is_ascii_lowercase);
        let begins_word = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && is_lower_behind));
        if begins_word {
            folded.push('_');
        }
        folded.push(if matches!(letter, '-' | '.') { '_' } else { letter.to_ascii_uppercase() });
        before = letter;
    }
    folded
}

/// Returns the words of a name that is [`folded`]. A word that joins the Hub to a secret is split: `HFTOKEN`,
/// `HUGGINGFACEAPIKEY`.
fn words_of(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in name.split('_').filter(|word| !word.is_empty()) {
        let hubs = HUB.iter().filter_map(|hub| hub.first().filter(|_| hub.len() == 1));
        // `TOKEN2`
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = if SECRETS.contains(&bare) { bare } else { word };
        let joined = hub_and_secret(hubs, word);
        match joined {
            Some(parts) => words.extend(parts),
            None => words.push(word),
        }
    }
    words
}

fn hub_and_secret<'a>(mut hubs: impl Iterator<Item = &'a &'a str>, word: &'a str) -> Option<Vec<&'a str>> {
    hubs.find_map(|hub| {
        let (hub, mut rest) = word.strip_prefix(hub).map(|rest| (*hub, rest))?;
        let mut parts = vec![hub];
        while !rest.is_empty() {
            let part = JOINED
                .iter()
                .chain(&SECRETS)
                .filter(|part| rest.starts_with(**part))
                .max_by_key(|part| part.len())?;
            rest = rest.strip_prefix(part)?;
            parts.push(part);
        }
        (parts.len() > 1).then_some(parts)
    })
}

/// Returns true if the name of a token variable is also used for other things, such as the key of a data set,
/// the name of a secret or a switch (`HF_KEY`, `HF_SECRET`, `HF_TOKEN_SECRET`, `HF_PAT`, `HF_TOKENS`, `HF_AUTH`).
/// The value decides such cases.
fn is_ambiguous_variable(name: &str) -> bool {
    let name = folded(name);
    match words_of(&name).as_slice() {
        [.., "SECRET"] => name != CLIENT_SECRET,
        [.., "API" | "ACCESS" | "AUTH", "KEY"] => false,
        [.., "PAT" | "TOKENS" | "AUTH" | "BEARER" | "CREDENTIAL" | "CREDENTIALS" | "CREDS" | "KEY"] => true,
        words => is_reversed_key(words),
    }
}

/// Returns true for `KEY_HF` and `SECRET_HF`, and false for `API_KEY_HF`.
fn is_reversed_key(words: &[&str]) -> bool {
    let front = HUB.iter().find_map(|hub| words.strip_suffix(*hub));
    match front {
        Some([.., "API" | "ACCESS" | "AUTH", "KEY"]) => false,
        Some([.., "KEY" | "SECRET"]) => true,
        _ => false,
    }
}

/// Returns true if a variable of this name with this value carries a token. An empty value means that the
/// value is unknown: then the name alone decides.
pub(crate) fn carries_token(name: &str, value: &str) -> bool {
    is_token_variable(name) && (value.is_empty() || !is_ambiguous_variable(name) || !is_words(value))
}

/// Returns true if a variable of this name carries a token and the name is not used for other things.
pub(crate) fn is_plain_variable(name: &str) -> bool {
    is_token_variable(name) && !is_ambiguous_variable(name)
}

/// Returns true if a variable of this name carries a Hugging Face token and nothing else. These are the
/// names of [`is_token_variable`] without those that other software or other things use as well.
pub(super) fn is_hub_variable(name: &str) -> bool {
    is_plain_variable(name) && !SHARED.iter().any(|shared| name.eq_ignore_ascii_case(shared))
}

/// Returns false for most names that are none of [`is_hub_key`] or [`is_hub_variable`], without the cost of these.
pub(super) fn may_be_hub_key(name: &[u8]) -> bool {
    SECRETS
        .iter()
        .chain(&[API])
        .any(|secret| name.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes())))
}

/// Returns true if a setting of this name holds a Hugging Face token: the names of [`is_hub_variable`] and
/// the setting names of trainers.
pub(super) fn is_hub_key(name: &str) -> bool {
    is_hub_variable(name) || SETTINGS.contains(&folded(name).as_str())
}

/// Returns true if a name says that a random value is a Hugging Face token: the names of [`is_hub_key`], and names
/// that other things have as well.
pub(super) fn may_hold_random_token(name: &str) -> bool {
    // `HF_API`
    let is_api =
        || matches!(words_of(&folded(name)).as_slice(), [.., hub, API] if HUB.contains(&[*hub].as_slice()));
    let is_shared = SHARED.contains(&folded(name).as_str());
    is_hub_key(name) || (is_token_variable(name) && !is_shared) || is_api()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_passes_the_cheap_checks() {
        let names = EXACT.into_iter().chain(SHARED).chain(SETTINGS);
        let with_secrets = SECRETS.iter().map(|secret| format!("hf_{}_dev", secret.to_ascii_lowercase()));
        for name in names.map(String::from).chain(with_secrets) {
            assert!(may_be_hub_key(name.as_bytes()), "{name}");
        }
        let own = EXACT.iter().filter(|name| !SHARED.contains(name)).chain(&SETTINGS);
        let parts = own.copied().chain(HUB.iter().filter_map(|hub| hub.first().copied()));
        for part in parts {
            assert!(part.contains('H'), "{part}");
        }
        assert!(!may_be_hub_key(b"HF_HOME"));
    }

    #[test]
    fn names_that_carry_a_token() {
        for name in [
            "HF_TOKEN",
            "hf_token",
            "HUGGING_FACE_HUB_TOKEN",
            "HUGGINGFACEHUB_API_TOKEN",
            "HUGGINGFACE_API_KEY",
            "HF_API_TOKEN",
            "HF_ACCESS_TOKEN",
            "HUGGINGFACE_TOKEN",
            "HUGGINGFACE_HUB_TOKEN",
            "HUGGINGFACE_API_TOKEN",
            "HUGGINGFACE_ACCESS_TOKEN",
            "HUGGINGFACE_AUTH_TOKEN",
            "HUGGING_FACE_TOKEN",
            "HUGGING_FACE_API_KEY",
            "HUGGINGFACE_CLI_TOKEN",
            "HF_AUTH_TOKEN",
            "HF_API_KEY",
            "HF_HUB_TOKEN",
            "HF_KEY",
            "HFTOKEN",
            "HUGGINGFACE_KEY",
            "HF_WRITE_TOKEN",
            "HF_READ_TOKEN",
            "HF_TOKEN_READ",
            "HF_TOKEN_WRITE",
            "HF_TOKEN_FINE_GRAINED",
            "HF_DEPLOYMENT_TOKEN",
            "CI_HUB_USER_TOKEN",
            "HUB_TOKEN",
            "PYANNOTE_AUTH_TOKEN",
            "DIFFUSERS_HF_TOKEN",
            "BENTOML_HF_TOKEN",
            "MY_HF_TOKEN",
            "OAUTH_CLIENT_SECRET",
            "HF_OIDC_ID_TOKEN",
            "hfToken",
            "HFToken",
            "huggingFaceApiKey",
            "hf-token",
            "huggingface.token",
            "TOKEN_HF",
            "TOKEN_HUGGINGFACE",
            "MY_TOKEN_HF_2",
            "HUGGINGFACEKEY",
            "HFAPIKEY",
            "HUGGINGFACETOKEN",
            "HF_AUTH",
            "HF_TOKEN_BUILD",
            "HF_TOKEN_ARG",
            "HF_TOKEN_INPUT",
            "HF_TOKEN_RO",
            "HF_TOKEN_RW",
            "HF_TOKEN2",
            "HF_TOKEN_OLD",
            "HF_TOKEN_BACKUP",
            "HUGGINGFACE_TOKEN_V2",
            "HF_PASSWD",
            "HUGGINGFACE_CREDS",
            "KEY_HF",
            "SECRET_HF",
            "API_KEY_HF",
            "API_KEY_HUGGINGFACE",
            "HfToken",
            "HfApiKey",
            "kHfToken",
            "hfSecret",
            "hfapikey",
        ] {
            assert!(is_token_variable(name), "{name}");
        }
    }

    #[test]
    fn names_that_do_not() {
        for name in [
            "HF_HUB_DISABLE_IMPLICIT_TOKEN",
            "HF_TOKEN_PATH",
            "HUGGINGFACE_TOKENIZER_LOAD_FAST",
            "HF_TOKENIZER",
            "HF_TOKENIZER_NAME",
            "TOKENIZERS_PARALLELISM",
            "HF_MAX_TOKENS",
            "TOKENIZER_NAME",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_HUB_ENABLE_HF_TRANSFER",
            "HF_DEVICE_CODE_OAUTH_CLIENT_ID",
            "OAUTH_CLIENT_ID",
            "WANDB_API_KEY",
            "GITHUB_TOKEN",
            "TOKEN",
            "API_KEY",
            "",
            "_",
            "HF",
            "HF_ENDPOINT",
            "HALF_TOKEN",
            "HF_TOKEN_FILE",
            "HF_CACHE_KEY",
            "HF_EOS_TOKEN",
            "HF_SPECIAL_TOKENS",
            "HF_ADDED_TOKENS",
            "HF_DATASET_KEY",
            "HF_PUBLIC_KEY",
            "SHELF_KEY",
            "HF_AUTHOR",
            "HF_AUTH_URL",
            "HF_PATH",
            "EOS_TOKEN_HF",
            "MAX_TOKEN_HF",
            "hfTokenizer",
            "HFTOKENIZER",
            "HF_API",
            "TOKEN_HFX",
            "MODEL_KEY_HF",
            "TOKENS_HF",
            "AUTH_HF",
            "HF_TOKENIZER2",
            "HF_TOKEN_VX",
            "HF_TOKEN_V",
        ] {
            assert!(!is_token_variable(name), "{name}");
        }
    }

    #[test]
    fn names_that_other_software_has_as_well() {
        for name in
            ["HF_TOKEN", "hf_token", "CI_HUB_USER_TOKEN", "PYANNOTE_AUTH_TOKEN", "HUGGINGFACE_API_KEY"]
        {
            assert!(is_hub_variable(name) && is_hub_key(name), "{name}");
        }
        for name in ["HUB_TOKEN", "OAUTH_CLIENT_SECRET", "GITHUB_TOKEN", "HF_TOKEN_PATH"] {
            assert!(!is_hub_variable(name), "{name}");
        }
        for name in ["hub_token", "push-to-hub-token", "hf-token"] {
            assert!(is_hub_key(name), "{name}");
        }
        for name in [
            "HF_KEY",
            "hf_key",
            "HFKEY",
            "HF_SECRET",
            "HF_TOKEN_SECRET",
            "HF_PAT",
            "HF_TOKENS",
            "HF_AUTH",
            "KEY_HF",
        ] {
            assert!(is_token_variable(name) && is_ambiguous_variable(name), "{name}");
            assert!(!is_hub_variable(name) && !is_hub_key(name), "{name}");
        }
        for name in ["HF_TOKEN", "HF_API_KEY", "HUGGINGFACE_ACCESS_KEY", "HF_APIKEY", "OAUTH_CLIENT_SECRET"] {
            assert!(!is_ambiguous_variable(name), "{name}");
        }
        assert!(!is_hub_key("hft"));
        for (name, value) in [("HF_KEY", ""), ("HF_KEY", "opaque-v4lue"), ("HF_TOKEN", "text_column")] {
            assert!(carries_token(name, value), "{name}={value}");
        }
        for (name, value) in [("HF_KEY", "text_column"), ("HF_TOKENS", "4096"), ("HF_HOME", "opaque-v4lue")] {
            assert!(!carries_token(name, value), "{name}={value}");
        }
        assert!(may_hold_random_token("HF_API") && may_hold_random_token("hfKey"));
        assert!(!may_hold_random_token("OAUTH_CLIENT_SECRET"));
        assert!(!may_hold_random_token("HF_HOME") && !may_hold_random_token("OPENAI_API"));
        assert!(!is_hub_key("token") && !is_hub_key("github_token"));
    }
}
