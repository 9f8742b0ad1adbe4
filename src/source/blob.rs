//! Blobs, as sources provide them.

use crate::digest::{Algorithm, Digest};

/// A blob that a source can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    /// The number that the source gave the blob.
    pub(crate) id: usize,
    /// The source's name for the blob: a normalised path in an archive or layout, a digest in a registry.
    pub(crate) name: Vec<u8>,
    /// The size in bytes, as far as it is known without reading the blob.
    pub(crate) size: u64,
    /// The digest under which the blob is stored or referred to.
    pub(crate) digest: Option<Digest>,
    /// Whether the source guarantees that the bytes match the digest. The digest of such a blob is known
    /// without reading it.
    pub(crate) is_trusted: bool,
}

impl Blob {
    /// Creates a blob at a path in an archive or layout. The digest that its name claims is not trusted.
    pub(crate) fn at(id: usize, name: Vec<u8>, size: u64) -> Self {
        let digest = claimed_digest(&name);
        Self { id, name, size, digest, is_trusted: false }
    }

    /// Returns the algorithm of the digest, or the usual one.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.digest.map(Digest::algorithm).unwrap_or_default()
    }
}

/// A document's reference to a blob (OCI image specification, "Content Descriptors").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// The digest.
    pub(crate) digest: Digest,
    /// The size in bytes.
    pub(crate) size: u64,
    /// Whether a manifest or index is meant, which registries keep apart from other blobs.
    pub(crate) is_manifest: bool,
    /// Whether the blob may be kept elsewhere, so that the source is asked whether it has it.
    pub(crate) is_elsewhere: bool,
}

/// Returns the digest that a name claims: `blobs/ALGORITHM/HEX` in a layout, `HEX.json` for the config of a
/// docker archive.
pub(crate) fn claimed_digest(name: &[u8]) -> Option<Digest> {
    let name = std::str::from_utf8(name).ok()?;
    match name.strip_prefix("blobs/").and_then(|blob| blob.split_once('/')) {
        Some((algorithm, hex)) => format!("{algorithm}:{hex}").parse().ok(),
        None => Digest::from_hex(name.strip_suffix(".json")?).ok(),
    }
}
