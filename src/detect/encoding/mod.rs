//! Plain and encoded tokens: the needles that may represent a token, and the decoding of the bytes around
//! them.
//!
//! Bytes are decoded only where a needle is found, and at length only if the first characters agree.

mod base64;
mod counted;
mod decoded;
pub(in crate::detect) mod dense;
mod forms;
mod hex;
mod joined;
mod lined;
mod needles;
mod piece;
mod pieces;
mod run;
mod spelled;
mod wide;
mod window;

use std::ops::Range;

use self::window::Window;
use super::shape::Context;
use super::{Confidence, Encoding, Position, TokenSummary};

pub(super) use self::base64::{Characters as Sextets, next_line, sextet};
pub(super) use self::hex::digit as number_of;
pub(super) use self::needles::{Hit, longest, next_hit, next_hit_or_mark, next_hit_or_name, part_at_end};
pub(super) use self::piece::is_sign;
pub(super) use self::run::{Ahead, Runs};
pub(super) use self::spelled::character as spelled_character;
pub(super) use self::wide::is_character as wide_character;

/// The number of bytes that must be kept in front of a needle: the part of base64 within base64 that is
/// considered.
pub(super) const KEPT: usize = 1024;

/// The result at a needle.
#[derive(Debug)]
pub(super) enum Found {
    /// A token.
    Token(Token),
    /// No token.
    None,
    /// No token, but a line of a dump may follow the newline.
    Dump,
    /// No token, but a text of code points may begin here.
    CodePoint,
    /// The bytes end before a decision is possible.
    NeedMore,
}

/// A token at a needle.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) summary: TokenSummary,
    pub(super) confidence: Confidence,
    /// The range of the token in its encoded form.
    pub(super) at: Range<usize>,
    /// The length of the text of the token.
    pub(super) len: usize,
    /// The encodings, outermost first.
    pub(super) via: Vec<Encoded>,
    /// The content in which the offset counts.
    pub(super) content: Decoding,
}

impl Token {
    /// Returns the encodings for the case that `more` bytes precede the searched bytes. The ranges of inner
    /// encodings count in the decoded bytes and do not change.
    fn via_behind(&self, more: usize) -> Vec<Encoded> {
        let mut is_outer = true;
        let moved = self.via.iter().map(|Encoded { encoding, at }| {
            let more = if is_outer { more } else { 0 };
            is_outer &= encoding.is_spelling();
            Encoded { encoding: *encoding, at: at.start + more..at.end + more }
        });
        moved.collect()
    }

    /// Returns true if the offset counts in the searched bytes.
    pub(super) fn counts_in_searched(&self) -> bool {
        self.content == Decoding::None
    }
}

/// One encoding of the text of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) encoding: Encoding,
    /// The range of the encoded text in the bytes from which it was decoded.
    pub(super) at: Range<usize>,
}

/// The content in which the offset of a token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoding {
    /// The searched bytes.
    None,
    /// The text of a run of base64 characters. The token begins `alignment` bytes after the start of a
    /// group, in the character at `at`.
    Base64 { at: usize, alignment: u8 },
    /// A run of wide characters.
    Wide { at: usize, width: usize },
    /// A run of hexadecimal digits.
    Hex { at: usize },
    /// Content for which the offset is already known.
    Inner { offset: u64, position: Option<Position> },
}

/// Judges a needle in `bytes`, which begin with the content or hold [`KEPT`] bytes in front of the needle.
pub(super) fn judge(bytes: &[u8], hit: Hit, context: Context) -> Found {
    // Earlier bytes are not considered, so that the result does not depend on the number of bytes in front.
    let cut = hit.at.saturating_sub(KEPT);
    let window = Window { bytes: bytes.get(cut..).unwrap_or_default(), context, is_inner: false };
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
    /// Returns the content for the case that `more` bytes precede the searched bytes.
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
