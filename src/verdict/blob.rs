//! What was found in a blob.

use std::collections::BTreeSet;

use super::{LayerContent, Problems};
use crate::detect::TokenSummary;
use crate::detect::{KeptToken, Occurrence};
use crate::digest::Digest;
use crate::finding::Problem;

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
    /// Anything else.
    Bytes(Bytes),
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
    pub(crate) fn problems(&self) -> &Problems {
        match self {
            Self::Layer(layer) => &layer.problems,
            Self::Bytes(bytes) => &bytes.problems,
        }
    }

    pub(crate) fn tokens(&self) -> BTreeSet<TokenSummary> {
        let occurrences: Vec<&Occurrence> = match self {
            Self::Bytes(bytes) => bytes.occurrences.iter().collect(),
            Self::Layer(layer) => layer.files.iter().flat_map(|file| &file.occurrences).collect(),
        };
        occurrences.into_iter().map(|occurrence| occurrence.token.clone()).collect()
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
