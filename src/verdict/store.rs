//! What is remembered of blobs from one scan to the next, wherever it is kept.

use std::collections::BTreeMap;
use std::fmt;

use crate::digest::Digest;

/// Keeps bytes by digest and detector version. It knows nothing of what the bytes mean.
///
/// A store is never a reason to fail: one that cannot be read holds nothing, and one that cannot be written keeps
/// nothing. What it gives must be what was put under that digest and version, whoever else can write to it.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// What is kept under these digests.
    fn get(&self, version: Version, digests: &[Digest]) -> BTreeMap<Digest, Kept>;

    /// Keeps `entries`, and notes that what is under the digests of `used` was of use.
    fn put(&self, version: Version, entries: &[Entry], used: &[Digest]);
}

/// The version of all that decides what is found in a blob and how it is written. What was kept by another version
/// counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) u32);

/// Something to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is found by.
    pub(crate) digest: Digest,
    /// The bytes.
    pub(crate) value: Vec<u8>,
    /// Whether it takes the place of what is there.
    pub(crate) replaces: bool,
}

/// What was kept under a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The bytes, as they were put.
    pub(crate) value: Vec<u8>,
    /// Whether their last use is long ago, so that this one is worth noting.
    pub(crate) is_stale: bool,
}
