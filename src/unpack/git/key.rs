//! The short form of an object id.

use gix_hash::ObjectId;

/// Returns the first half of an ID, which identifies objects in this module.
pub(super) fn key(id: &ObjectId) -> u64 {
    let first = id.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}
