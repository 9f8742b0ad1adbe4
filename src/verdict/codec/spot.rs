//! The stored form of an occurrence. It omits the token but keeps all steps to it.

use serde::{Deserialize, Serialize};

use super::step::StepRecord;
use crate::detect::{Confidence, Occurrence, Position, Redacted, TokenHash, TokenKind, TokenSummary};
use crate::timestamp::Timestamp;

/// A line and a column.
pub(super) type Place = (u64, u64);

/// An occurrence.
#[derive(Serialize, Deserialize)]
pub(super) struct Spot {
    kind: TokenKind,
    redacted: String,
    sha256: Option<[u8; 32]>,
    expires_at: Option<u64>,
    offset: u64,
    len: u64,
    at: (u64, u64),
    position: Option<Place>,
    via: Vec<StepRecord>,
    confidence: Confidence,
}

pub(super) fn pair(position: Position) -> Place {
    (position.line, position.column)
}

pub(super) fn position((line, column): Place) -> Position {
    Position { line, column }
}

pub(super) fn spots(occurrences: &[Occurrence]) -> Vec<Spot> {
    let spot = |occurrence: &Occurrence| {
        let Occurrence { token, offset, len, at, position, via, confidence, text: _ } = occurrence;
        let TokenSummary { kind, redacted, sha256, expires_at, expired: _ } = token;
        Spot {
            kind: *kind,
            redacted: redacted.0.clone(),
            sha256: sha256.map(|hash| hash.0),
            expires_at: expires_at.map(Timestamp::to_unix),
            offset: *offset,
            len: *len as u64,
            at: (at.start, at.end),
            position: position.map(pair),
            via: via.iter().map(StepRecord::of).collect(),
            confidence: *confidence,
        }
    };
    occurrences.iter().map(spot).collect()
}

pub(super) fn occurrences_of(spots: Vec<Spot>) -> Option<Vec<Occurrence>> {
    spots.into_iter().map(Spot::occurrence).collect()
}

impl Spot {
    fn occurrence(self) -> Option<Occurrence> {
        // A token of unknown shape has no hash, and one of known shape always has one.
        let is_redacted =
            self.kind.known().is_some() == self.sha256.is_some() && redacts(self.kind, &self.redacted);
        is_redacted.then(|| Occurrence {
            token: TokenSummary {
                kind: self.kind,
                redacted: Redacted(self.redacted),
                sha256: self.sha256.map(TokenHash),
                expires_at: self.expires_at.and_then(Timestamp::from_unix),
                expired: None,
            },
            offset: self.offset,
            len: usize::try_from(self.len).unwrap_or(usize::MAX),
            at: self.at.0..self.at.1.max(self.at.0),
            position: self.position.map(position),
            via: self.via.into_iter().map(StepRecord::step).collect(),
            confidence: self.confidence,
            text: None,
        })
    }
}

/// Returns true if a redacted form fits the kind.
fn redacts(kind: TokenKind, text: &str) -> bool {
    let Some(kind) = kind.known() else { return text == "…" };
    let tail = text.strip_prefix(kind.prefix).and_then(|rest| rest.strip_prefix('…'));
    tail.is_some_and(|tail| tail.chars().count() <= 4)
}
