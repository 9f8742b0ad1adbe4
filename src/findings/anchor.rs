//! The location part of a finding's identity. It leaves out anything that a rebuild, another archive format or
//! an unrelated change would alter.

use std::sync::LazyLock;

use regex::bytes::Regex;
use sha2::{Digest as _, Sha256};

use crate::detect::{Step, build_arguments};
use crate::digest::Digest;
use crate::finding::Document;
use crate::image::{Field, FieldStep};
use crate::mask::mask;

/// The hash of a canonical place: a path, the name of a variable or label, a normalised command, or the name of
/// a field. It never includes an index, a line, a layer, a digest, the spelling of a target or a working
/// directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Anchor(Digest);

impl Anchor {
    /// Returns the anchor of a file. `path` is its path in a layer, or relative to the audited root.
    pub(crate) fn file(path: &[u8]) -> Self {
        Self::of("file", [masked(path)])
    }

    /// Returns the anchor of a Dockerfile. `path` is relative to its build context.
    pub(crate) fn dockerfile(path: &[u8]) -> Self {
        Self::of("dockerfile", [masked(path)])
    }

    /// Returns the anchor of a file that a Dockerfile copies into the image. Both paths are relative to the
    /// build context.
    pub(crate) fn copied(dockerfile: &[u8], file: &[u8]) -> Self {
        Self::of("copied", [masked(dockerfile), masked(file)])
    }

    /// Returns the anchor of a blob that belongs to no file of an image. It covers the blob's name, the field
    /// if the blob is a document, and the decoding steps.
    pub(crate) fn blob(name: &[u8], field: Option<&Field>, via: &[Step]) -> Self {
        let field = field.into_iter().flat_map(names);
        let way = via.iter().map(|step| masked(&step.kind.label()));
        Self::of("blob", std::iter::once(masked(&without_digests(name))).chain(field).chain(way))
    }

    /// Returns the anchor of a string in a JSON document. It covers the field that holds the string, and for
    /// some fields part of the text.
    pub(crate) fn field(document: Document, field: &Field, text: &[u8]) -> Self {
        let of = match document {
            Document::Config => "config",
            Document::Manifest => "manifest",
            Document::Index => "index",
            Document::Attestation => "attestation",
        };
        let is_config = document == Document::Config;
        let is_env =
            ["config", "container_config"].iter().any(|config| field.below(&[config, "Env"]).is_some());
        let detail = if is_config && is_env {
            memchr::memchr(b'=', text).and_then(|at| text.get(..at)).map(masked)
        } else if is_config && field.below(&["history"]).is_some() {
            Some(command(text))
        } else {
            None
        };
        Self::of(of, names(field).chain(detail))
    }

    fn of(kind: &str, parts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let parts: Vec<Vec<u8>> = parts.into_iter().collect();
        let mut hash = Sha256::new();
        hash.update((parts.len() as u64).to_be_bytes());
        // The lengths keep adjacent parts apart.
        for part in std::iter::once(kind.as_bytes()).chain(parts.iter().map(Vec::as_slice)) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(Digest::from_bytes(hash.finalize().into()))
    }
}

/// Returns the member names of a field, without array indices.
fn names(field: &Field) -> impl Iterator<Item = Vec<u8>> + '_ {
    field.steps().iter().filter_map(|step| match step {
        FieldStep::Member(key) => Some(masked(key)),
        FieldStep::Item(_) => None,
    })
}

/// Masks foreign text. A short password must not be guessable from a fingerprint.
fn masked(bytes: &[u8]) -> Vec<u8> {
    mask(bytes).as_str().as_bytes().to_vec()
}

/// Normalises the command of a history entry. Removes the build arguments in front of it and the digests of
/// copied files, and collapses whitespace.
fn command(bytes: &[u8]) -> Vec<u8> {
    let arguments = build_arguments(bytes);
    let behind = arguments.last().map(|argument| argument.value.end);
    // In `|2 A=x B=y /bin/sh -c …`, the bar and the count are removed together with the arguments.
    let before = behind.and_then(|_| memchr::memchr(b'|', bytes)).unwrap_or(0);
    let command = match behind {
        Some(behind) => {
            [bytes.get(..before), bytes.get(behind..)].into_iter().flatten().collect::<Vec<_>>().concat()
        }
        None => bytes.to_vec(),
    };
    let command = masked(&without_digests(&command));
    let words: Vec<&[u8]> = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// Replaces digests by `*`. Blob names and the commands of the classic builder contain digests, and every
/// rebuild changes them.
fn without_digests(bytes: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static DIGEST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)\b[0-9a-f]{32,128}\b").expect("a valid pattern"));
    DIGEST.replace_all(bytes, &b"*"[..]).into_owned()
}

/// The identity of a finding, without its number among equal findings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity(Digest);

impl Identity {
    /// `subject` is the token's hash, or the normalised command if there is none.
    pub(super) fn new(rule: &str, subject: &str, anchor: &Anchor) -> Self {
        let mut hash = Sha256::new();
        for part in [rule, subject] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(anchor.0.as_bytes());
        Self(Digest::from_bytes(hash.finalize().into()))
    }

    /// Returns the hash of the identity together with the number among equal findings.
    pub(super) fn numbered(&self, ordinal: u64) -> Digest {
        let hash = Sha256::new_with_prefix(self.0.as_bytes()).chain_update(ordinal.to_be_bytes());
        Digest::from_bytes(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{for_each_string, parse};

    /// Returns the anchor of every string in a config, with the text of the string.
    fn anchors(json: &str) -> Vec<(String, Anchor)> {
        let mut found = Vec::new();
        for_each_string(parse(json.as_bytes()).unwrap().value(), &mut |at, text| {
            found.push((text.to_owned(), Anchor::field(Document::Config, &at.to_field(), text.as_bytes())));
        });
        found
    }

    fn anchor(json: &str, text: &str) -> Anchor {
        anchors(json).into_iter().find(|(found, _)| found == text).unwrap().1
    }

    #[test]
    fn a_variable_is_its_name_wherever_it_is_listed() {
        let one = anchor(r#"{"config":{"Env":["T=x"]}}"#, "T=x");
        let other = anchor(r#"{"config":{"Env":["LANG=C","T=y"]}}"#, "T=y");
        assert_eq!(one, other);
        assert_ne!(one, anchor(r#"{"config":{"Env":["U=x"]}}"#, "U=x"));
        assert_ne!(one, anchor(r#"{"config":{"Labels":{"T":"T=x"}}}"#, "T=x"));
    }

    #[test]
    fn a_history_entry_is_its_command() {
        let of = |command: &str| {
            let json = format!(r#"{{"history":[{{}},{{"created_by":"{command}"}}]}}"#);
            anchor(&json, command)
        };
        let plain = of("RUN /bin/sh -c pip install x # buildkit");
        assert_eq!(of("RUN |2 A=b HF_TOKEN=secret /bin/sh -c pip  install x # buildkit"), plain);
        assert_eq!(of("RUN |1 HF_TOKEN=other-one /bin/sh -c pip install x # buildkit"), plain);
        assert_ne!(of("RUN /bin/sh -c pip install y # buildkit"), plain);
        let copy = |digit: &str| of(&format!("/bin/sh -c #(nop) COPY file:{} in /x", digit.repeat(64)));
        assert_eq!(copy("a"), copy("b"));
    }

    #[test]
    fn a_label_is_its_name() {
        let of = |json| anchor(json, "v");
        let one = of(r#"{"config":{"Labels":{"a":"v"}}}"#);
        assert_eq!(of(r#"{"config":{"Labels":{"_":"w","a":"v"}}}"#), one);
        assert_ne!(of(r#"{"config":{"Labels":{"b":"v"}}}"#), one);
        assert_eq!(of(r#"{"config":{"Cmd":["v"]}}"#), of(r#"{"config":{"Cmd":["w","v"]}}"#));
    }

    #[test]
    fn a_blob_is_told_by_its_name_unless_that_is_a_digest() {
        let of = |name: &str| Anchor::blob(name.as_bytes(), None, &[]);
        let digest = |digit: &str| format!("blobs/sha256/{}", digit.repeat(64));
        assert_eq!(of(&digest("a")), of(&digest("b")));
        assert_ne!(of("repositories"), of("index.json"));
    }

    #[test]
    fn neighbours_do_not_run_together() {
        let identity = |rule, subject, anchor: &Anchor| Identity::new(rule, subject, anchor);
        let (a, b) = (Anchor::file(b"a"), Anchor::file(b"b"));
        let all = [
            identity("a/b", "s", &a),
            identity("a/bs", "", &a),
            identity("a/b", "", &a),
            identity("a/b", "s", &b),
            identity("a/b", "s", &Anchor::dockerfile(b"a")),
            identity("a/b", "s", &Anchor::copied(b"a", b"")),
        ];
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_ne!(all[0].numbered(0), all[0].numbered(1));
    }
}
