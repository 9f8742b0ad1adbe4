//! What was found in a blob.

use std::collections::BTreeSet;

use super::{LayerContent, Problems};
use crate::detect::{Confidence, KeptToken, Occurrence, Step, TokenSummary};
use crate::digest::Digest;
use crate::finding::Problem;
use crate::image::Field;
use crate::sensitive::Name;

/// What was found in a blob, whatever image it belongs to.
#[derive(Debug, Default)]
pub(crate) struct BlobVerdict {
    /// Bytes read, as stored.
    pub(crate) size: u64,
    /// The digest of the bytes as stored, where they were hashed.
    pub(crate) digest: Option<Digest>,
    /// The digest of the decompressed bytes, where those were hashed.
    pub(crate) diff_id: Option<Digest>,
    /// Whether the bytes are stored compressed.
    pub(crate) is_compressed: bool,
    /// Tokens in compressed bytes as they are stored: in header fields, skippable frames, behind the end.
    pub(crate) stored: Vec<Occurrence>,
    /// What the bytes are.
    pub(crate) content: Content,
    /// What may be a credential of unknown shape in bytes whose name says so.
    pub(crate) kept: Vec<KeptToken>,
    /// Why some of it could not be read.
    pub(crate) problem: Option<Problem>,
    /// Whether the source gave all of its bytes, so that there is a size and a digest to compare.
    pub(crate) is_fetched: bool,
    /// Whether an earlier audit found it.
    pub(crate) is_cached: bool,
}

impl BlobVerdict {
    /// On a blob of which nothing was read.
    pub(crate) fn unread(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// Whether there is anything to report of it.
    pub(crate) fn has_something(&self) -> bool {
        self.problem.is_some()
            || !self.stored.is_empty()
            || !self.kept.is_empty()
            || !self.content.tokens().is_empty()
    }

    /// The tokens in it, however they were reached.
    pub(crate) fn tokens(&self) -> BTreeSet<TokenSummary> {
        let mut tokens = self.content.tokens();
        tokens.extend(self.stored.iter().map(|occurrence| occurrence.token.clone()));
        tokens
    }
}

/// What a blob's bytes turned out to be.
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
    /// The field; the root where only the raw bytes show the token.
    pub(crate) field: Field,
    /// The string of the field that it stands in; empty for the root.
    pub(crate) text: Name,
    pub(crate) token: TokenSummary,
    pub(crate) confidence: Confidence,
    /// How it was reached inside the field, outermost first.
    pub(crate) via: Vec<Step>,
}

/// What was found in bytes that are no tar stream.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// The tokens in them.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Problems with what is in them.
    pub(crate) problems: Problems,
}

impl Content {
    /// Problems with what is in it.
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

/// What an occurrence costs in memory until it is a finding of the report, about.
const OCCURRENCE: usize = 2048;

/// What so many occurrences cost in memory.
pub(crate) fn cost(occurrences: usize) -> usize {
    occurrences.saturating_mul(OCCURRENCE)
}
