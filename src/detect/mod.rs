//! The detection of token occurrences in bytes. This module knows the shapes of tokens and the names of
//! token variables. It knows nothing about images or Dockerfiles.

mod boundary;
mod build_arguments;
mod claims;
mod credential;
mod encoding;
mod known;
mod narrowed;
mod nested;
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
pub(crate) use credential::{
    Credential, CredentialForm, CredentialSearch, MAX_CREDENTIALS, add_kept, credentials_in, decoded_forms,
    generated_in, given_in, keeps, keeps_anywhere, may_be_credential, may_keep, opaque_in,
};
pub(crate) use nested::Packed;
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
use shape::Context;

/// Finds every token in `bytes`, in order of offset.
pub(crate) fn find(bytes: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::new();
    scanner.feed(bytes);
    scanner.finish()
}

/// Finds every token in a part of a binary file, in order of offset. Texts in a binary file may be adjacent
/// without a separator.
pub(crate) fn find_in_binary(bytes: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::in_binary();
    scanner.feed(bytes);
    scanner.finish()
}

/// Text that is or may be a token, regardless of its neighbours. It must not be shown.
pub(crate) struct LookAlike {
    /// The range of the text in its encoded form.
    pub(crate) at: std::ops::Range<usize>,
    /// The number of bytes that may be shown at the start and at the end. `None` if the text is encoded.
    pub(crate) shown: Option<(usize, usize)>,
}

/// Returns the first such text at or after `from`.
pub(crate) fn next_look_alike(bytes: &[u8], from: usize) -> Option<LookAlike> {
    let mut next = from;
    while let Some(hit) = encoding::next_hit(bytes, next) {
        if let Some((prefix, len)) = shape::to_mask(bytes.get(hit.at..).unwrap_or_default()) {
            return Some(LookAlike { at: hit.at..hit.at + len, shown: Some((prefix, 4)) });
        }
        next = hit.at + 1;
        if let Found::Token(token) = encoding::judge(bytes, hit, Context { whole_end: true, is_binary: true })
        {
            return Some(LookAlike { at: token.at.start..token.at.end.max(next), shown: None });
        }
    }
    None
}

/// Returns the ranges of encoded texts that are or may be tokens, in order of offset. They may overlap.
pub(crate) fn encoded_look_alikes(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut scanner = Scanner::loose(0);
    scanner.feed(bytes);
    let found = scanner.finish().into_iter().filter(|occurrence| !occurrence.via.is_empty());
    let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    found.map(|occurrence| offset(occurrence.at.start)..offset(occurrence.at.end)).collect()
}

/// Returns the offset of a token, encoded or not, that may continue after the end of a part of a binary
/// file.
pub(crate) fn cut_at_end(bytes: &[u8]) -> Option<usize> {
    let mut next = 0;
    while let Some(hit) = encoding::next_hit(bytes, next) {
        next = match encoding::judge(bytes, hit, Context { whole_end: false, is_binary: true }) {
            Found::Token(token) => token.at.end.max(hit.at + 1),
            Found::None | Found::Dump | Found::CodePoint => hit.at + 1,
            Found::NeedMore => return Some(hit.at),
        };
    }
    encoding::part_at_end(bytes)
}

#[cfg(test)]
pub(crate) mod tests;
