//! Tokens in one JSON document, with the fields that hold them.

use std::collections::HashMap;
use std::io::{self, Read};

use super::Scan;
use super::budget::Budget;
use crate::detect;
use crate::detect::Confidence;
use crate::detect::Occurrence;
use crate::detect::TokenSummary;
use crate::detect::build_arguments;
use crate::detect::credentials_in;
use crate::detect::generated_in;
use crate::detect::is_plain_variable;
use crate::detect::may_be_credential;
use crate::digest::{Algorithm, Digest};
use crate::fault::Code;
use crate::finding::Place;
use crate::finding::Problem;
use crate::image::DocumentError;
use crate::image::Field;
use crate::image::MAX_DOCUMENT;
use crate::image::parse;
use crate::image::{Visited, for_each_string};
use crate::sensitive::Name;
use crate::sensitive::Sensitive;
use crate::stream::begins_tar;
use crate::stream::hold_memory;
use crate::unpack::MAX_IN_FILE;
use crate::verdict::{BlobVerdict, Content, FieldToken, credentials};

/// The number of bytes needed to distinguish a document from a tar stream.
const HEAD: u64 = 512;
/// The approximate size of a parsed document relative to its text.
const PARSED: u64 = 16;

/// The start of a blob's bytes.
pub(super) enum Begin {
    /// A possible document, complete.
    Document(Sensitive),
    /// The first bytes of a blob that is not a document, or is too large for one.
    Bytes(Sensitive),
}

/// Reads the first bytes of a blob. A possible document is read to its end.
pub(super) fn begin(input: &mut impl Read) -> io::Result<Begin> {
    let mut bytes = Vec::new();
    let mut outcome = input.by_ref().take(HEAD).read_to_end(&mut bytes);
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).trim_ascii_start();
    // The first name in a tar stream may begin with a bracket.
    let may_be = matches!(start.first(), Some(b'{' | b'[')) && !begins_tar(&bytes);
    if may_be && outcome.is_ok() {
        // One byte more than the maximum size of a document.
        outcome = input.by_ref().take(MAX_DOCUMENT + 1 - HEAD).read_to_end(&mut bytes);
    }
    let bytes = Sensitive::from(bytes);
    outcome?;
    Ok(if may_be && bytes.len() as u64 <= MAX_DOCUMENT {
        Begin::Document(bytes)
    } else {
        Begin::Bytes(bytes)
    })
}

/// Searches a named document.
pub(super) fn verdict(name: &[u8], bytes: &[u8], algorithm: Algorithm, scan: Scan<'_>) -> BlobVerdict {
    // A parsed document takes many times its size.
    let held = hold_memory(PARSED * bytes.len() as u64, "a JSON document");
    let (mut found, parsed) = search(bytes);
    let mut credentials = if credentials::is_keeper(name) { credentials_in(name, bytes) } else { Vec::new() };
    let is_all = scan.keep(&mut found) & scan.budget.keep(&mut credentials);
    BlobVerdict {
        size: bytes.len() as u64,
        digest: Some(Digest::of(algorithm, bytes)),
        content: Content::Document(found),
        credentials,
        problem: held
            .err()
            .map(|error| Problem::of(&error, Place::Here))
            .or((!is_all).then(Budget::overflow))
            .or(parsed
                .err()
                .filter(|error| error.code() == Code::Limit)
                .map(|error| Problem::error(Code::Limit, Place::Here, error.into()))),
        is_fetched: true,
        ..BlobVerdict::default()
    }
}

/// Searches a document: first the raw bytes, then every decoded string. Tokens that only the raw bytes show
/// (in a duplicate member, or in broken JSON) have no field. Also returns whether the document could be parsed.
fn search(bytes: &[u8]) -> (Vec<FieldToken>, Result<(), DocumentError>) {
    let raw = detect::find(bytes);
    let mut found = Vec::new();
    let parsed = parse(bytes).map(|parsed| {
        for_each_string(parsed.value(), &mut |at, text| {
            if found.len() >= MAX_IN_FILE {
                return;
            }
            let occurrences = detect::find(text.as_bytes());
            if !occurrences.is_empty() {
                let (field, text) = (at.to_field(), Name::from(text));
                found.extend(occurrences.into_iter().map(|o| in_field(field.clone(), text.clone(), o)));
            } else if let Some((secret, is_named)) = unknown(at, text) {
                found.push(FieldToken {
                    field: at.to_field(),
                    text: text.into(),
                    token: TokenSummary::unknown(),
                    secret: Some(secret.into()),
                    is_named,
                    confidence: Confidence::Medium,
                    via: Vec::new(),
                });
            }
        });
    });
    let mut explained: HashMap<TokenSummary, usize> = HashMap::new();
    for token in &found {
        *explained.entry(token.token.clone()).or_default() += 1;
    }
    for occurrence in raw {
        match explained.get_mut(&occurrence.token) {
            Some(left @ 1..) => *left -= 1,
            _ => found.push(in_field(Field::default(), Name::default(), occurrence)),
        }
    }
    (found, parsed)
}

fn in_field(field: Field, text: Name, occurrence: Occurrence) -> FieldToken {
    let Occurrence { token, confidence, via, .. } = occurrence;
    FieldToken { field, text, token, secret: None, is_named: false, confidence, via }
}

/// The prefix of the names of build arguments in `BuildKit`'s provenance.
const BUILD_ARGUMENT: &str = "build-arg:";

/// Returns the value of unknown shape in a string, and whether only a name in its text marks it as a token. The
/// others are `HF_TOKEN=opaque` in the environment, a build argument before the command of a history entry, and the
/// value of a member such as a label.
fn unknown<'t>(at: &Visited<'_>, text: &'t str) -> Option<(&'t str, bool)> {
    let variable = at.key().map(|key| key.strip_prefix(BUILD_ARGUMENT).unwrap_or(key));
    if variable.is_some_and(is_plain_variable) && may_be_credential(text.as_bytes()) {
        return Some((text, false));
    }
    let named = || generated_in(text.as_bytes()).into_iter().find_map(|range| Some((text.get(range)?, true)));
    // Most strings are neither, so the field is built only when needed.
    if !text.contains('=') {
        return named();
    }
    let assigned = |name: &str, value| {
        let assigns = is_plain_variable(name) && may_be_credential(str::as_bytes(value));
        assigns.then_some((value, false))
    };
    let arguments = build_arguments(text.as_bytes());
    let whole = text.split_once('=').and_then(|(name, value)| assigned(name, value));
    let argument = arguments.iter().find_map(|a| assigned(a.name, text.get(a.value.clone())?));
    if whole.or(argument).is_none() {
        return named();
    }
    let field = at.to_field();
    let is_env = ["config", "container_config"].iter().any(|config| field.below(&[config, "Env"]).is_some());
    let of_argument =
        || argument.or(whole).filter(|_| field.below(&["history"]).is_some() && !arguments.is_empty());
    whole.filter(|_| is_env).or_else(of_argument).or_else(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        ["hf_", "ZqumpmhsEJNpjJOQGarb", "FlYmGylvuhfJXq"].concat()
    }

    fn fields(json: &str) -> Vec<String> {
        search(json.as_bytes())
            .0
            .into_iter()
            .map(|t| String::from_utf8_lossy(&t.field.label()).into_owned())
            .collect()
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
