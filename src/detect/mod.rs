//! Bytes to token occurrences. Knows token shapes and the names of token variables; knows nothing of
//! images or Dockerfiles.

mod mask;
mod occurrence;
mod variables;

pub use mask::{mask, mask_path};
pub use occurrence::Occurrence;
pub use variables::is_token_variable;

/// Finds every token in `bytes`, in order of offset.
pub fn find(bytes: &[u8]) -> Vec<Occurrence> {
    let _ = bytes;
    Vec::new()
}
