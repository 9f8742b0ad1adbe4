//! One token at one place.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::sensitive::Name;

use super::{Container, Position, Step, StepKind, TokenSummary, counts_in_file};
use crate::stream::Compression;

/// The confidence of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The shape is right, but there is little other evidence.
    Medium,
    /// Shape and context agree.
    High,
}

/// A token that was found in some bytes. The text of a token of known shape is gone: only data that may be shown
/// is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// The data about the token that may be shown.
    pub token: TokenSummary,
    /// The byte offset of the token in the innermost decoded content.
    pub offset: u64,
    /// The length of the text in bytes.
    pub len: usize,
    /// The range of the text, in its encoded form, in the searched bytes.
    pub at: Range<u64>,
    /// The line and column at the offset, if the content is text.
    pub position: Option<Position>,
    /// The steps to the token, outermost first. Empty if the token is in the bytes themselves.
    pub(crate) via: Vec<Step>,
    /// The confidence.
    pub confidence: Confidence,
    /// The text of a token of unknown shape, which is hidden in the report. A verdict from a store has none.
    pub(crate) text: Option<Name>,
}

impl Occurrence {
    /// Returns the path of the member in which the token lies, if the searched file is a tar archive, plain or in a
    /// compression that builders unpack.
    pub(crate) fn member_of_tar(&self) -> Option<Vec<u8>> {
        let steps = self.via.get(usize::from(self.is_compressed_for_builders())..)?;
        match &steps.first()?.kind {
            StepKind::Member(Container::Tar, name) => Some(name.to_vec()),
            _ => None,
        }
    }

    /// Returns true if the token is in the decoded bytes of a file in a compression that builders unpack.
    pub(crate) fn is_in_unpacked(&self) -> bool {
        self.is_compressed_for_builders() && self.via.len() == 1
    }

    fn is_compressed_for_builders(&self) -> bool {
        let first = self.via.first().map(|step| &step.kind);
        matches!(first, Some(StepKind::Compression(Compression::Gzip | Compression::Bzip2 | Compression::Xz)))
    }

    /// Returns true if the offset counts in the searched bytes: the token is plain, or only some of its
    /// characters are spelled.
    pub(crate) fn counts_in_searched(&self) -> bool {
        counts_in_file(&self.via)
    }

    /// Returns true if the token is of unknown shape.
    pub(crate) fn is_unknown(&self) -> bool {
        self.token.sha256.is_none()
    }

    /// Returns true if a name in a text, and not the name of the file, marks the value as a token.
    pub(crate) fn is_named(&self) -> bool {
        self.is_unknown() && self.len > 0
    }

    /// Returns true if the token is at this offset of the file itself.
    pub(crate) fn is_beside(&self, offset: u64) -> bool {
        self.via.is_empty() && self.offset == offset
    }

    /// Records that the content of the occurrence was decoded from a range of the content around it.
    pub(crate) fn reached_by(&mut self, step: Step) {
        self.via.insert(0, step);
    }

    /// Moves the occurrence to a file of which some pieces were searched. `at` returns the offset in the file of a
    /// searched byte.
    pub(crate) fn place_in_file(&mut self, at: impl Fn(u64) -> u64) {
        if let Some(step) = self.via.first_mut() {
            step.range = (at(step.range.0), at(step.range.1));
        }
        if self.is_in_searched() {
            if self.counts_in_searched() {
                // Lines and columns were counted without the rest of the file.
                self.position = None;
            }
            self.move_to(at(self.at.start));
        }
    }

    /// Returns true if the text of the token is in the searched bytes themselves, perhaps encoded, and not in a
    /// container.
    pub(crate) fn is_in_searched(&self) -> bool {
        self.via.iter().all(|step| matches!(step.kind, StepKind::Encoding(_)))
    }

    /// Moves the occurrence to another offset, in bytes that contain the searched bytes.
    pub(crate) fn move_to(&mut self, start: u64) {
        if self.counts_in_searched() {
            self.offset = start;
        }
        self.at = start..start.saturating_add(self.at.end - self.at.start);
    }
}
