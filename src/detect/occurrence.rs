//! One token at one place.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Position, Step, TokenSummary, counts_in_file};

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The shape is right, little speaks for it beside that.
    Medium,
    /// Shape and surroundings agree.
    High,
}

/// A token that was found in some bytes. The token's text is gone: only what may be shown is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// What may be said of the token.
    pub token: TokenSummary,
    /// Byte offset of its first byte in the innermost decoded content.
    pub offset: u64,
    /// Length of its text in bytes.
    pub len: usize,
    /// Where its text, encoded as it is, lies in the bytes that were searched.
    pub at: Range<u64>,
    /// Line and column there, where the content is text.
    pub position: Option<Position>,
    /// How it was reached, outermost first; empty when it stands in the bytes themselves.
    pub(crate) via: Vec<Step>,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Occurrence {
    /// Whether its offset counts in the searched bytes: it stands there as it is, or with characters of it
    /// spelled.
    pub(crate) fn counts_in_searched(&self) -> bool {
        counts_in_file(&self.via)
    }

    /// Says that the content it was found in was decoded from `range` of the content around.
    pub(crate) fn reached_by(&mut self, step: Step) {
        self.via.insert(0, step);
    }

    /// Puts it to another place, in bytes of which the searched ones are a part.
    pub(crate) fn move_to(&mut self, start: u64) {
        if self.counts_in_searched() {
            self.offset = start;
        }
        self.at = start..start.saturating_add(self.at.end - self.at.start);
    }
}
