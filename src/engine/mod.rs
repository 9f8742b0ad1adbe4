//! Reads blobs, each once, on all threads: what is in them becomes a verdict. The only room that decides what runs in
//! parallel.

pub(crate) mod blob;
pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod document;
mod gap;
pub(crate) mod gather;
mod hashed;
mod in_parallel;
mod layer;
pub(crate) mod memory;
mod progress;
pub(crate) mod search;
mod side_by_side;
pub(crate) mod tree;

pub(crate) use progress::Counted;
pub use progress::{Progress, Silent};
