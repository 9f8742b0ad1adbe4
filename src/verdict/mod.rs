//! What was found in a blob, whatever image it belongs to; its form on disk, and the store that keeps it.

mod blob;
pub(crate) mod codec;
pub(crate) mod kept;
mod layer;
mod problems;
pub mod store;

pub(crate) use blob::{BlobVerdict, Bytes, Content, cost};
pub(crate) use layer::{File, HardLink, LayerContent};
pub(crate) use problems::Problems;
