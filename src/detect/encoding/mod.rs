//! Tokens as they are and in encodings: needles that may stand for one, and what is decoded around them.
//!
//! Nothing is decoded but where a needle is found, and at length only where the first characters agree.

mod base64;
mod counted;
mod decoded;
mod forms;
mod hex;
mod lined;
mod needles;
mod pieces;
mod run;
mod spelled;
mod wide;
mod window;

use std::ops::Range;

use self::window::Window;
use super::{Confidence, Encoding, Position, TokenSummary};

pub(super) use self::needles::{Hit, longest, next_hit, part_at_end};
pub(super) use self::run::{Ahead, Runs};

/// How much must be kept in front of a needle: what base64 within base64 is looked at.
pub(super) const KEPT: usize = 1024;

/// What stands at a needle.
#[derive(Debug)]
pub(super) enum Found {
    /// A token.
    Token(Token),
    /// No token.
    None,
    /// The bytes end before this can be told.
    NeedMore,
}

/// A token at a needle.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) summary: TokenSummary,
    pub(super) confidence: Confidence,
    /// Where it stands, encoded as it is.
    pub(super) at: Range<usize>,
    /// Length of its text.
    pub(super) len: usize,
    /// How it is encoded, outermost first.
    pub(super) via: Vec<Encoded>,
    /// What its offset counts in.
    pub(super) content: Decoding,
}

impl Token {
    /// Its encodings, where `more` bytes are in front of the searched ones. Inner encodings count in what was decoded.
    fn via_behind(&self, more: usize) -> Vec<Encoded> {
        let mut is_outer = true;
        let moved = self.via.iter().map(|Encoded { encoding, at }| {
            let more = if is_outer { more } else { 0 };
            is_outer &= encoding.is_spelling();
            Encoded { encoding: *encoding, at: at.start + more..at.end + more }
        });
        moved.collect()
    }

    /// Whether its offset counts in the searched bytes.
    pub(super) fn counts_in_searched(&self) -> bool {
        self.content == Decoding::None
    }
}

/// One encoding of a token's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) encoding: Encoding,
    /// The encoded text, in the bytes that it was decoded from.
    pub(super) at: Range<usize>,
}

/// What the offset of a token counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoding {
    /// The searched bytes.
    None,
    /// The text of a run of base64 characters; the token begins `alignment` bytes behind the start of a
    /// group, in the character at `at`.
    Base64 { at: usize, alignment: u8 },
    /// A run of wide characters.
    Wide { at: usize, width: usize },
    /// A run of hexadecimal digits.
    Hex { at: usize },
    /// It is known.
    Inner { offset: u64, position: Option<Position> },
}

/// Judges what stands at a needle in `bytes`, which begin with the content or hold [`KEPT`] bytes in front of
/// the needle. `whole_end` says whether the content ends with them, and `is_binary` whether it is known to be no text.
pub(super) fn judge(bytes: &[u8], hit: Hit, whole_end: bool, is_binary: bool) -> Found {
    // Nothing before is looked at, so that it does not matter how much is there.
    let cut = hit.at.saturating_sub(KEPT);
    let window =
        Window { bytes: bytes.get(cut..).unwrap_or_default(), whole_end, is_inner: false, is_binary };
    match window.judge(hit.moved_back(cut)) {
        Found::Token(token) => Found::Token(Token {
            at: token.at.start + cut..token.at.end + cut,
            via: token.via_behind(cut),
            content: token.content.behind(cut),
            ..token
        }),
        other => other,
    }
}

impl Decoding {
    /// The same with `more` bytes in front.
    fn behind(self, more: usize) -> Self {
        match self {
            Self::Base64 { at, alignment } => Self::Base64 { at: at + more, alignment },
            Self::Wide { at, width } => Self::Wide { at: at + more, width },
            Self::Hex { at } => Self::Hex { at: at + more },
            Self::None | Self::Inner { .. } => self,
        }
    }
}

#[cfg(test)]
mod tests;
