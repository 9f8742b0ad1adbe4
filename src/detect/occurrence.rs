//! One token at one place.

use crate::finding::{Confidence, Masked, Position, TokenSummary};

/// A token that was found in some bytes. The token's text is gone: only what may be shown is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// What may be said of the token.
    pub token: TokenSummary,
    /// Byte offset of its first byte in the innermost decoded content.
    pub offset: u64,
    /// Length of its text in bytes.
    pub len: usize,
    /// Line and column there, where the content is text.
    pub position: Option<Position>,
    /// How it was reached, outermost first; empty when it stands in the bytes themselves.
    pub via: Vec<Masked>,
    /// How sure it is.
    pub confidence: Confidence,
}
