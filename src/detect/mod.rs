//! Bytes to token occurrences. Knows token shapes and the names of token variables; knows nothing of
//! images or Dockerfiles.

mod boundary;
mod build_arguments;
mod claims;
mod encoding;
mod kept;
mod known;
mod narrowed;
mod occurrence;
mod placeholder;
mod position;
mod randomness;
mod scanner;
mod secret;
mod shape;
mod step;
mod token;
mod variables;
mod wording;

pub use crate::hub::TokenKind;
pub(crate) use build_arguments::build_arguments;
pub(crate) use kept::{KeptForm, KeptSearch, KeptToken, MAX_KEPT, keeps, kept_tokens, may_be_credential};
pub use occurrence::Confidence;
pub(crate) use occurrence::Occurrence;
pub(crate) use placeholder::is_placeholder;
pub use position::Position;
pub(crate) use scanner::Scanner;
pub(crate) use shape::may_be_web;
pub(crate) use step::{Container, Encoding, GitObject, Step, StepKind, TarPart, counts_in_file};
pub use token::{Redacted, TokenHash, TokenSummary};
pub(crate) use variables::{carries_token, is_plain_variable, is_token_variable};

use encoding::Found;

/// Finds every token in `bytes`, in order of offset.
pub(crate) fn find(bytes: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::new();
    scanner.feed(bytes);
    scanner.finish()
}

/// The same in a part of a binary file, in which texts may stand side by side with nothing between them.
pub(crate) fn find_in_binary(bytes: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::in_binary();
    scanner.feed(bytes);
    scanner.finish()
}

/// Text that is or may be a token, whatever is next to it: it must not be shown.
pub(crate) struct LookAlike {
    /// Where it is, encoded as it is.
    pub(crate) at: std::ops::Range<usize>,
    /// How many bytes at its start and at its end may be shown; none where it is encoded.
    pub(crate) shown: Option<(usize, usize)>,
}

/// The first such text from `from` on.
pub(crate) fn next_look_alike(bytes: &[u8], from: usize) -> Option<LookAlike> {
    let mut next = from;
    while let Some(hit) = encoding::next_hit(bytes, next) {
        if let Some((prefix, len)) = shape::to_mask(bytes.get(hit.at..).unwrap_or_default()) {
            return Some(LookAlike { at: hit.at..hit.at + len, shown: Some((prefix, 4)) });
        }
        next = hit.at + 1;
        if let Found::Token(token) = encoding::judge(bytes, hit, true, true) {
            return Some(LookAlike { at: token.at.start..token.at.end.max(next), shown: None });
        }
    }
    None
}

/// Where in a part of a binary file a token may begin, encoded or not, that goes on behind it.
pub(crate) fn cut_at_end(bytes: &[u8]) -> Option<usize> {
    let mut next = 0;
    while let Some(hit) = encoding::next_hit(bytes, next) {
        next = match encoding::judge(bytes, hit, false, true) {
            Found::Token(token) => token.at.end.max(hit.at + 1),
            Found::None => hit.at + 1,
            Found::NeedMore => return Some(hit.at),
        };
    }
    encoding::part_at_end(bytes)
}

#[cfg(test)]
pub(crate) mod tests;
