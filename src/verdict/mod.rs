//! What was found in a blob, whatever image it belongs to; its form on disk, and the store that keeps it.

mod blob;
pub(crate) mod cache;
pub(crate) mod codec;
pub(crate) mod kept;
mod layer;
mod problems;
mod store;

pub(crate) use blob::{BlobVerdict, Bytes, Content, FieldToken, cost};
pub(crate) use layer::{File, HardLink, LayerContent};
pub(crate) use problems::Problems;
pub(crate) use store::{Entry, Kept, Store, Version};

/// The version of what [`BlobVerdict`] says of a blob and of its form in a store. Raise it with every change of either:
/// a test holds it to the verdicts on a fixed set of blobs.
pub(crate) const DETECTOR: Version = Version(1);
