//! The verdict on a blob.

use std::collections::BTreeSet;

use super::{LayerContent, Problems};
use crate::detect::{Confidence, Credential, Occurrence, Step, TokenSummary};
use crate::digest::Digest;
use crate::finding::Problem;
use crate::image::Field;
use crate::sensitive::Name;

/// The result of searching a blob. It does not depend on the image that uses the blob.
#[derive(Debug, Default)]
pub(crate) struct BlobVerdict {
    /// The number of stored bytes read.
    pub(crate) size: u64,
    /// The digest of the stored bytes, if they were hashed.
    pub(crate) digest: Option<Digest>,
    /// The digest of the decompressed bytes, if they were hashed.
    pub(crate) diff_id: Option<Digest>,
    /// Whether the bytes are stored compressed.
    pub(crate) is_compressed: bool,
    /// Tokens in the compressed bytes as stored: in header fields, in skippable frames, or after the end.
    pub(crate) stored: Vec<Occurrence>,
    /// The decoded content.
    pub(crate) content: Content,
    /// Possible credentials of unknown shape, in bytes whose name marks a credential file.
    pub(crate) credentials: Vec<Credential>,
    /// The reason why part of the blob could not be read.
    pub(crate) problem: Option<Problem>,
    /// Whether the source provided all bytes, so that size and digest can be compared.
    pub(crate) is_fetched: bool,
    /// Whether the verdict comes from an earlier audit.
    pub(crate) is_cached: bool,
}

impl BlobVerdict {
    /// Creates the verdict on a blob of which nothing was read.
    pub(crate) fn unread(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// Returns true if there is anything to report.
    pub(crate) fn has_something(&self) -> bool {
        self.problem.is_some()
            || !self.stored.is_empty()
            || !self.credentials.is_empty()
            || !self.content.tokens().is_empty()
    }

    /// Returns all tokens in the blob, including those reached through decoding.
    pub(crate) fn tokens(&self) -> BTreeSet<TokenSummary> {
        let mut tokens = self.content.tokens();
        tokens.extend(self.stored.iter().map(|occurrence| occurrence.token.clone()));
        tokens
    }
}

/// The content of a blob.
#[derive(Debug)]
pub(crate) enum Content {
    /// A tar stream.
    Layer(Box<LayerContent>),
    /// A JSON document.
    Document(Vec<FieldToken>),
    /// Anything else.
    Bytes(Bytes),
}

/// A token in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldToken {
    /// The field. It is the root if only the raw bytes show the token.
    pub(crate) field: Field,
    /// The string that holds the token. Empty for the root.
    pub(crate) text: Name,
    pub(crate) token: TokenSummary,
    /// The text of a token of unknown shape.
    pub(crate) secret: Option<Name>,
    /// Whether a name in the text, and not the name of the field, marks the value as a token.
    pub(crate) is_named: bool,
    pub(crate) confidence: Confidence,
    /// The decoding steps inside the field, outermost first.
    pub(crate) via: Vec<Step>,
}

/// The results for bytes other than a tar stream or a document.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// The tokens in the bytes.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Problems with content nested in the bytes.
    pub(crate) problems: Problems,
}

impl Content {
    /// Returns the problems with nested content.
    pub(crate) fn problems(&self) -> Option<&Problems> {
        match self {
            Self::Layer(layer) => Some(&layer.problems),
            Self::Bytes(bytes) => Some(&bytes.problems),
            Self::Document(_) => None,
        }
    }

    pub(crate) fn tokens(&self) -> BTreeSet<TokenSummary> {
        let of = |occurrence: &Occurrence| occurrence.token.clone();
        match self {
            Self::Bytes(bytes) => bytes.occurrences.iter().map(of).collect(),
            Self::Layer(layer) => layer.files.iter().flat_map(|file| &file.occurrences).map(of).collect(),
            Self::Document(found) => found.iter().map(|found| found.token.clone()).collect(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Bytes::default())
    }
}

/// The approximate memory cost of an occurrence until it becomes a finding of the report.
const OCCURRENCE: usize = 2048;

/// Returns the memory cost of this many occurrences.
pub(crate) fn cost(occurrences: usize) -> usize {
    occurrences.saturating_mul(OCCURRENCE)
}
