//! Bytes to token occurrences. Knows token shapes and the names of token variables; knows nothing of
//! images or Dockerfiles.

mod boundary;
mod build_arguments;
mod claims;
mod encoding;
mod kept;
mod known;
mod mask;
mod occurrence;
mod placeholder;
mod position;
mod randomness;
mod scanner;
mod secret;
mod shape;
mod variables;
mod wording;

pub use build_arguments::{BuildArgument, build_arguments};
pub use kept::{KeptForm, KeptSearch, KeptToken, MAX_KEPT, keeps, kept_tokens, may_be_credential};
pub use mask::{holds_split_token, mask, mask_path, quote};
pub use occurrence::Occurrence;
pub use placeholder::is_placeholder;
pub use scanner::Scanner;
pub use variables::{carries_token, is_ambiguous_variable, is_token_variable};

/// Finds every token in `bytes`, in order of offset.
pub fn find(bytes: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::new();
    scanner.feed(bytes);
    scanner.finish()
}

#[cfg(test)]
mod tests;
