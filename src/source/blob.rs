//! What a source gives.

use crate::digest::Digest;

/// A blob that a source can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    /// The source's own number of it.
    pub(crate) id: usize,
    /// What the source calls it: its path in an archive or layout, normalised; its digest in a registry.
    pub(crate) name: Vec<u8>,
    /// Its size in bytes, as far as that can be told without reading it.
    pub(crate) size: u64,
    /// The digest that it is kept or referred to by.
    pub(crate) digest: Option<Digest>,
    /// Whether whoever asks by that digest gets the bytes of that digest, or nobody does: it need not be read to know what
    /// they are.
    pub(crate) is_trusted: bool,
}

impl Blob {
    /// A blob of that path in an archive or layout. The digest that its name claims is not to be trusted.
    pub(crate) fn at(id: usize, name: Vec<u8>, size: u64) -> Self {
        let digest = claimed_digest(&name);
        Self { id, name, size, digest, is_trusted: false }
    }
}

/// What a document says of a blob that it refers to (OCI image specification, "Content Descriptors").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor<'a> {
    /// The digest.
    pub(crate) digest: Digest,
    /// The size in bytes.
    pub(crate) size: u64,
    /// The media type.
    pub(crate) media_type: &'a str,
}

/// The digest that a name claims: `blobs/sha256/HEX` in a layout, `HEX.json` for the config of a docker archive.
pub(crate) fn claimed_digest(name: &[u8]) -> Option<Digest> {
    let name = std::str::from_utf8(name).ok()?;
    let hex = name.strip_prefix("blobs/sha256/").or_else(|| name.strip_suffix(".json"))?;
    Digest::from_hex(hex).ok()
}
