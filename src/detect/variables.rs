//! Names of variables that carry a token.

use super::wording::is_words;
use crate::hub::variables::{
    CLIENT_SECRET, EXACT, HUB, OTHER_KINDS, SCOPES, SECRETS, SETTINGS, SHARED, SPEAKING,
};

/// Returns true if a variable of this name carries a Hugging Face token. These are the names that tools read
/// and names that people choose (`HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, `MY_HF_API_KEY`, …), but not the many
/// names that only refer to a token (`HF_TOKEN_PATH`, `HF_TOKENIZER`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`).
pub(crate) fn is_token_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if EXACT.contains(&name.as_str()) {
        return true;
    }
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let end = |hub: &[&str]| words.windows(hub.len()).position(|part| part == hub).map(|at| at + hub.len());
    let Some(end) = HUB.iter().find_map(|hub| end(hub)) else { return false };
    let behind = words.get(end..).unwrap_or_default();
    let is_scope = |word: &str| SCOPES.contains(&word) || word.bytes().all(|b| b.is_ascii_digit());
    let Some(last) = behind.iter().rposition(|word| !is_scope(word)) else { return false };
    let kind = last.checked_sub(1).and_then(|at| behind.get(at));
    behind.get(last).is_some_and(|word| SECRETS.contains(word))
        && !kind.is_some_and(|word| OTHER_KINDS.contains(word))
        && !words.iter().any(|word| SPEAKING.contains(word))
}

/// Returns true if the name of a token variable is also used for other things, such as the key of a data set
/// or the name of a secret (`HF_KEY`, `HF_SECRET`, `HF_TOKEN_SECRET`, `HF_PAT`, `HF_TOKENS`). The value
/// decides such cases.
fn is_ambiguous_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.rsplit('_').filter(|word| !word.is_empty());
    match words.next() {
        Some("SECRET") => name != CLIENT_SECRET,
        Some("PAT" | "TOKENS") => true,
        Some("KEY") => !matches!(words.next(), Some("API" | "ACCESS" | "AUTH")),
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
        .any(|secret| name.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes())))
}

/// Returns true if a setting of this name holds a Hugging Face token: the names of [`is_hub_variable`] and
/// the setting names of trainers.
pub(super) fn is_hub_key(name: &str) -> bool {
    let folded = name.to_ascii_lowercase().replace('-', "_");
    is_hub_variable(&folded) || SETTINGS.contains(&folded.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_passes_the_cheap_check() {
        let names = EXACT.into_iter().chain(SHARED).chain(SETTINGS);
        let with_secrets = SECRETS.iter().map(|secret| format!("hf_{}_dev", secret.to_ascii_lowercase()));
        for name in names.map(String::from).chain(with_secrets) {
            assert!(may_be_hub_key(name.as_bytes()), "{name}");
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
            "HF_DATASET_KEY",
            "HF_PUBLIC_KEY",
            "SHELF_KEY",
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
        for name in ["HF_KEY", "hf_key", "HF_SECRET", "HF_TOKEN_SECRET", "HF_PAT", "HF_TOKENS"] {
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
        assert!(!is_hub_key("token") && !is_hub_key("github_token"));
    }
}
