//! The short form of an object id.

use gix_hash::ObjectId;

/// The first half of an id, by which objects are known here.
pub(super) fn key(id: &ObjectId) -> u64 {
    let first = id.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}
