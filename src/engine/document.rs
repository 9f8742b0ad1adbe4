//! Tokens in one JSON document, with the fields they stand in.

use std::collections::HashMap;

use crate::detect::{self, Occurrence, build_arguments, is_plain_variable, may_be_credential};
use crate::finding::{Confidence, Masked, TokenSummary};
use crate::image::{for_each_string, parse};
use crate::unpack::MAX_IN_FILE;

/// A token in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldToken {
    /// The field, `config.Env[2]`; empty where only the raw bytes show it.
    pub(crate) field: String,
    pub(crate) token: TokenSummary,
    pub(crate) confidence: Confidence,
    /// How it was reached inside the field, outermost first.
    pub(crate) via: Vec<Masked>,
}

/// Searches a document: its raw bytes first, then every string as it is decoded. What only the raw bytes
/// show (a member written twice, broken JSON) has no field.
pub(crate) fn search(bytes: &[u8]) -> Vec<FieldToken> {
    let raw = detect::find(bytes);
    let mut found = Vec::new();
    if let Ok(value) = parse(bytes) {
        for_each_string(&value, &mut |field, text| {
            if found.len() >= MAX_IN_FILE {
                return;
            }
            let occurrences = detect::find(text.as_bytes());
            if occurrences.is_empty() && holds_unknown(|| field.to_string(), text) {
                let token = TokenSummary::unknown();
                found.push(FieldToken {
                    field: field.to_string(),
                    token,
                    confidence: Confidence::Medium,
                    via: Vec::new(),
                });
            }
            found.extend(occurrences.into_iter().map(|o| in_field(field.to_string(), o)));
        });
    }
    let mut explained: HashMap<TokenSummary, usize> = HashMap::new();
    for token in &found {
        *explained.entry(token.token.clone()).or_default() += 1;
    }
    for occurrence in raw {
        match explained.get_mut(&occurrence.token) {
            Some(left @ 1..) => *left -= 1,
            _ => found.push(in_field(String::new(), occurrence)),
        }
    }
    found
}

fn in_field(field: String, occurrence: Occurrence) -> FieldToken {
    FieldToken { field, token: occurrence.token, confidence: occurrence.confidence, via: occurrence.via }
}

/// Whether a string holds a token variable's value of unknown shape: `HF_TOKEN=opaque` in the environment
/// or, as a build argument, in front of a history entry's command.
fn holds_unknown(field: impl Fn() -> String, text: &str) -> bool {
    // Most strings are neither, so the field is written out late.
    if !text.contains('=') {
        return false;
    }
    let assigns = |name: &str, value: &str| is_plain_variable(name) && may_be_credential(value.as_bytes());
    let arguments = build_arguments(text.as_bytes());
    let whole = text.split_once('=').is_some_and(|(name, value)| assigns(name, value));
    if !whole && !arguments.iter().any(|a| assigns(a.name, text.get(a.value.clone()).unwrap_or_default())) {
        return false;
    }
    let field = field().to_ascii_lowercase();
    match field.split_once('[') {
        Some(("config.env" | "container_config.env", _)) => whole,
        Some(("history", _)) => !arguments.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        ["hf_", "ZqumpmhsEJNpjJOQGarb", "FlYmGylvuhfJXq"].concat()
    }

    fn fields(json: &str) -> Vec<String> {
        search(json.as_bytes()).into_iter().map(|t| t.field).collect()
    }

    #[test]
    fn every_string_is_searched_in_its_field() {
        let token = token();
        let json = format!(
            r#"{{"config":{{"Env":["PATH=/bin","T={token}"],"Labels":{{"{token}":"x"}}}},"unheard":[["{token}"]]}}"#
        );
        assert_eq!(fields(&json), ["config.Env[1]", "config.Labels", "unheard[0][0]"]);
    }

    #[test]
    fn escapes_hide_nothing_and_neither_does_broken_json() {
        let escaped = token().replace("hf_", "\\u0068f_");
        assert_eq!(fields(&format!(r#"{{"a":"{escaped}"}}"#)), ["a"]);
        assert_eq!(fields(&format!(r#"{{"a":"{}""#, token())), [""]);
        assert_eq!(fields(&format!(r#"{{"a":"{}","a":"x"}}"#, token())), [""]);
    }

    #[test]
    fn values_of_unknown_shape() {
        assert_eq!(fields(r#"{"config":{"Env":["HF_TOKEN=opaque-v4lue"]}}"#), ["config.Env[0]"]);
        for command in [
            "|2 A=b HF_TOKEN=opaque-v4lue /bin/sh -c true",
            "|2 A=b c d HF_TOKEN=opaque-v4lue /bin/sh -c true",
            "RUN |1 HF_TOKEN=opaque-v4lue /bin/sh -c true # buildkit",
            "RUN |1 HF_TOKEN=opaque-v4lue /bin/bash -c true",
        ] {
            let history = format!(r#"{{"history":[{{"created_by":"{command}"}}]}}"#);
            assert_eq!(fields(&history), ["history[0].created_by"], "{command}");
        }
        for quiet in [
            r#"{"config":{"Env":["HF_TOKEN=", "HF_TOKEN=changeme", "HF_TOKEN_PATH=/run/secrets/hf_token"]}}"#,
            r#"{"config":{"Labels":{"a":"HF_TOKEN=opaque-v4lue"}}}"#,
            r#"{"config":{"Env":["HF_TOKEN=optional_for_gated", "HF_TOKEN=my-dog-has-fleas", "HF_KEY=opaque-v4lue"]}}"#,
            r#"{"history":[{"created_by":"RUN |1 HF_TOKEN=two words /bin/bash -c true"}]}"#,
            r#"{"history":[{"created_by":"|0 /bin/sh -c HF_TOKEN=opaque-v4lue true"}]}"#,
        ] {
            assert_eq!(fields(quiet), [] as [&str; 0], "{quiet}");
        }
    }
}
