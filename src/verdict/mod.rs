//! The verdict on a blob, independent of the images that use the blob, its stored form, and the store that
//! keeps it.

mod blob;
pub(crate) mod cache;
pub(crate) mod codec;
pub(crate) mod credentials;
mod layer;
pub(crate) mod memory;
mod problems;
mod store;

pub(crate) use blob::{BlobVerdict, Bytes, Content, FieldToken, cost};
pub(crate) use layer::{File, HardLink, LayerContent};
pub(crate) use problems::Problems;
pub(crate) use store::{Entry, Store, Stored, Version};

/// The version of [`BlobVerdict`]'s meaning and of its stored form. Increment it with every change to either.
/// A test checks it against the verdicts on a fixed set of blobs.
pub(crate) const DETECTOR: Version = Version(8);
