//! Rules about the contents of images. The audit decides between the two rules that concern files. This
//! module selects the rule for a field of a JSON document.

mod cached_token;
mod token_in_annotation;
mod token_in_attestation;
mod token_in_config;
mod token_in_env;
mod token_in_file;
mod token_in_history;

use super::Rule;
use crate::finding::Document;
use crate::image::Field;

pub(crate) use cached_token::RULE as CACHED_TOKEN;
pub(crate) use token_in_annotation::RULE as TOKEN_IN_ANNOTATION;
pub(crate) use token_in_attestation::RULE as TOKEN_IN_ATTESTATION;
pub(crate) use token_in_config::RULE as TOKEN_IN_CONFIG;
pub(crate) use token_in_env::RULE as TOKEN_IN_ENV;
pub(crate) use token_in_file::RULE as TOKEN_IN_FILE;
pub(crate) use token_in_history::RULE as TOKEN_IN_HISTORY;

/// The rules of the `image` family.
pub(crate) const IMAGE_RULES: &[&Rule] = &[
    &TOKEN_IN_FILE,
    &CACHED_TOKEN,
    &TOKEN_IN_ENV,
    &TOKEN_IN_HISTORY,
    &TOKEN_IN_CONFIG,
    &TOKEN_IN_ANNOTATION,
    &TOKEN_IN_ATTESTATION,
];

/// Returns the rule for token text in `field` of `document`.
pub(crate) fn rule_for(document: Document, field: &Field) -> &'static Rule {
    if token_in_attestation::claims(document, field) {
        &TOKEN_IN_ATTESTATION
    } else if token_in_annotation::claims(document, field) {
        &TOKEN_IN_ANNOTATION
    } else if token_in_env::claims(document, field) {
        &TOKEN_IN_ENV
    } else if token_in_history::claims(document, field) {
        &TOKEN_IN_HISTORY
    } else {
        &TOKEN_IN_CONFIG
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::for_each_string;

    /// Returns the field at a path of members. If the path ends with `[]`, it is the first item of the last
    /// member.
    fn field(path: &str) -> Field {
        let members = path.trim_end_matches("[]").split('.').filter(|name| !name.is_empty());
        let leaf = if path.ends_with("[]") { serde_json::json!(["x"]) } else { serde_json::json!("x") };
        let nested = members.rev().fold(leaf, |value, name| serde_json::json!({ name: value }));
        let mut found = Field::default();
        for_each_string(&nested, &mut |at, text| {
            if text == "x" {
                found = at.to_field();
            }
        });
        found
    }

    #[test]
    fn a_field_belongs_to_one_rule() {
        use Document::{Attestation, Config, Index, Manifest};
        for (document, path, id) in [
            (Config, "config.Env[]", "image/token-in-env"),
            (Config, "config.env[]", "image/token-in-env"),
            (Config, "container_config.Env[]", "image/token-in-env"),
            (Config, "config.Environment", "image/token-in-config"),
            (Config, "history[]", "image/token-in-history"),
            (Config, "history.comment", "image/token-in-history"),
            (Config, "historys", "image/token-in-config"),
            (Config, "config.Cmd[]", "image/token-in-config"),
            (Config, "config.Labels.history", "image/token-in-config"),
            (Config, "config.OnBuild[]", "image/token-in-config"),
            (Config, "", "image/token-in-config"),
            (Config, "configé", "image/token-in-config"),
            (Manifest, "annotations.x", "image/token-in-annotation"),
            (Manifest, "layers.urls[]", "image/token-in-annotation"),
            (Manifest, "config.Env[]", "image/token-in-annotation"),
            (Index, "manifests.annotations.x", "image/token-in-annotation"),
            (Attestation, "predicate.buildDefinition", "image/token-in-attestation"),
            (Attestation, "config.Env[]", "image/token-in-attestation"),
        ] {
            assert_eq!(rule_for(document, &field(path)).id, id, "{document:?} {path}");
        }
    }
}
