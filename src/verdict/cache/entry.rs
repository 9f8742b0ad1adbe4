//! The stored form of an entry.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::verdict::store::Version;

const VERSION: usize = 16;
const DIGEST: usize = 32;

/// Returns the stored form of a version.
fn prefix(version: Version) -> [u8; VERSION] {
    u128::from(version.0).to_be_bytes()
}

/// Returns true if a stored key belongs to this version.
pub(super) fn is_of(version: Version, key: &[u8]) -> bool {
    key.starts_with(&prefix(version))
}

/// A version and a digest in stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; VERSION + DIGEST]);

impl Key {
    pub(super) fn new(version: Version, digest: Digest) -> Self {
        let mut key = [0; VERSION + DIGEST];
        let (first, rest) = key.split_at_mut(VERSION);
        first.copy_from_slice(&prefix(version));
        // Nothing is kept of blobs with other digests.
        rest.copy_from_slice(&digest.sha256().unwrap_or_default());
        Self(key)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::from_bytes(self.0.last_chunk().copied().unwrap_or_default())
    }

    /// Prepends a hash to the value. The hash also covers the key.
    pub(super) fn seal(&self, value: &[u8]) -> Vec<u8> {
        [&self.hash(value)[..], value].concat()
    }

    /// Returns the value if it was sealed under this key.
    pub(super) fn unseal<'v>(&self, sealed: &'v [u8]) -> Option<&'v [u8]> {
        let (hash, value) = sealed.split_first_chunk::<32>()?;
        (*hash == self.hash(value)).then_some(value)
    }

    fn hash(&self, value: &[u8]) -> [u8; 32] {
        Sha256::new_with_prefix(self.0).chain_update(value).finalize().into()
    }
}
