//! Rules about what an image carries. The audit decides between the two that concern files; which rule
//! a field of a JSON document belongs to is said here.

mod cached_token;
mod token_in_annotation;
mod token_in_attestation;
mod token_in_config;
mod token_in_env;
mod token_in_file;
mod token_in_history;

use super::Rule;
use crate::finding::Document;

pub use cached_token::RULE as CACHED_TOKEN;
pub use token_in_annotation::RULE as TOKEN_IN_ANNOTATION;
pub use token_in_attestation::RULE as TOKEN_IN_ATTESTATION;
pub use token_in_config::RULE as TOKEN_IN_CONFIG;
pub use token_in_env::RULE as TOKEN_IN_ENV;
pub use token_in_file::RULE as TOKEN_IN_FILE;
pub use token_in_history::RULE as TOKEN_IN_HISTORY;

/// The `image` family.
pub const IMAGE_RULES: &[&Rule] = &[
    &TOKEN_IN_FILE,
    &CACHED_TOKEN,
    &TOKEN_IN_ENV,
    &TOKEN_IN_HISTORY,
    &TOKEN_IN_CONFIG,
    &TOKEN_IN_ANNOTATION,
    &TOKEN_IN_ATTESTATION,
];

/// The rule that token text in `field` of `document` belongs to.
///
/// `field` is written as in [`crate::finding::Location::Config`]: `config.Env[2]`,
/// `history[0].created_by`, `annotations["org.x"]`.
pub fn rule_for(document: Document, field: &str) -> &'static Rule {
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

/// Whether `field` is the member `name` of its document, or lies inside it.
///
/// Letter case does not count: Docker and containerd decode these documents with Go's `encoding/json`,
/// which takes `env` for `Env`.
fn lies_in(field: &str, name: &str) -> bool {
    field.split_at_checked(name.len()).is_some_and(|(head, rest)| {
        head.eq_ignore_ascii_case(name) && matches!(rest.bytes().next(), None | Some(b'.' | b'['))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_belongs_to_one_rule() {
        use Document::{Attestation, Config, Index, Manifest};
        for (document, field, id) in [
            (Config, "config.Env[2]", "image/token-in-env"),
            (Config, "config.env[0]", "image/token-in-env"),
            (Config, "container_config.Env[0]", "image/token-in-env"),
            (Config, "config.Environment", "image/token-in-config"),
            (Config, "history[0].created_by", "image/token-in-history"),
            (Config, "history[12].comment", "image/token-in-history"),
            (Config, "historys", "image/token-in-config"),
            (Config, "config.Cmd[3]", "image/token-in-config"),
            (Config, "config.Labels[\"org.x\"]", "image/token-in-config"),
            (Config, "config.Labels.history", "image/token-in-config"),
            (Config, "config.OnBuild[0]", "image/token-in-config"),
            (Config, "", "image/token-in-config"),
            (Config, "configé", "image/token-in-config"),
            (Manifest, "annotations[\"org.x\"]", "image/token-in-annotation"),
            (Manifest, "layers[0].urls[0]", "image/token-in-annotation"),
            (Manifest, "config.Env[0]", "image/token-in-annotation"),
            (Index, "manifests[0].annotations.x", "image/token-in-annotation"),
            (Attestation, "predicate.buildDefinition", "image/token-in-attestation"),
            (Attestation, "config.Env[0]", "image/token-in-attestation"),
        ] {
            assert_eq!(rule_for(document, field).id.0, id, "{document:?} {field}");
        }
    }
}
