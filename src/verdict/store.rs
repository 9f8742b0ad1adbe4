//! The storage of verdicts from one scan to the next, independent of its medium.

use std::collections::BTreeMap;
use std::fmt;

use crate::digest::Digest;

/// A store of bytes by digest and detector version. It does not interpret the bytes.
///
/// A store never makes an audit fail. An unreadable store returns nothing, and one that cannot be written
/// keeps nothing. Returned bytes must be the ones stored under that digest and version, even if others can
/// write to the store.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Returns the bytes stored under these digests.
    fn get(&self, version: Version, digests: &[Digest]) -> BTreeMap<Digest, Stored>;

    /// Stores `entries`, and records a use of the entries under the digests in `used`.
    fn put(&self, version: Version, entries: &[Entry], used: &[Digest]);
}

/// The version of the code that decides what is found in a blob and how it is written. Entries of other
/// versions are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) u32);

/// An entry to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key of the entry.
    pub(crate) digest: Digest,
    /// The bytes.
    pub(crate) value: Vec<u8>,
    /// Whether the entry replaces an existing one.
    pub(crate) replaces: bool,
}

/// The bytes stored under a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The bytes, unchanged.
    pub(crate) value: Vec<u8>,
    /// Whether the last recorded use is long ago, so that this one should be recorded.
    pub(crate) is_stale: bool,
}
