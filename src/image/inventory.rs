//! What a source turned out to hold, by name and by digest, with its documents' bytes.

use std::collections::{BTreeMap, HashMap};

use crate::digest::Digest;
use crate::stream::path::normalise;

/// Larger entries are not taken for documents, nor kept: registries refuse manifests of this size.
pub const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;
/// Rounds of following links in an archive.
const MAX_LINKS: usize = 8;

/// The entries of a source, numbered as the source numbers them.
#[derive(Debug, Default)]
pub struct Inventory {
    len: usize,
    names: HashMap<Vec<u8>, usize>,
    digests: HashMap<Digest, usize>,
    links: HashMap<Vec<u8>, Vec<u8>>,
    documents: BTreeMap<usize, (Vec<u8>, Digest)>,
}

impl Inventory {
    /// Adds an entry. One at `blobs/sha256/HEX` can be found by the digest it claims. Says whether its name
    /// is new; the last of a name counts, as where an archive is unpacked.
    pub fn add(&mut self, entry: usize, name: &[u8]) -> bool {
        self.len = self.len.max(entry + 1);
        if let Some(digest) = claimed_digest(name) {
            self.digests.insert(digest, entry);
        }
        self.names.insert(name.to_vec(), entry).is_none()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a link from one name to another, both normalised.
    pub fn add_link(&mut self, from: &[u8], to: &[u8]) {
        self.links.insert(from.to_vec(), to.to_vec());
    }

    /// Adds an entry's bytes, if it is a document, with their digest.
    pub fn add_document(&mut self, entry: usize, bytes: Vec<u8>, digest: Digest) {
        self.documents.insert(entry, (bytes, digest));
    }

    /// The entry of that name, links followed.
    pub fn by_name(&self, name: &[u8]) -> Option<usize> {
        let mut name = normalise(name);
        for _ in 0..MAX_LINKS {
            if let Some(&entry) = self.names.get(&name) {
                return Some(entry);
            }
            name.clone_from(self.links.get(&name)?);
        }
        None
    }

    /// The entry that claims that digest.
    pub fn by_digest(&self, digest: &Digest) -> Option<usize> {
        self.digests.get(digest).copied()
    }

    /// The bytes of a document, and their digest.
    pub fn document(&self, entry: usize) -> Option<(&[u8], Digest)> {
        self.documents.get(&entry).map(|(bytes, digest)| (&bytes[..], *digest))
    }

    /// All documents, by entry.
    pub fn documents(&self) -> impl Iterator<Item = (usize, &[u8], Digest)> {
        self.documents.iter().map(|(&entry, (bytes, digest))| (entry, &bytes[..], *digest))
    }
}

/// The digest that an entry's name claims: `blobs/sha256/HEX` in a layout, `HEX.json` for the config of a
/// docker archive.
pub fn claimed_digest(name: &[u8]) -> Option<Digest> {
    let name = std::str::from_utf8(name).ok()?;
    let hex = name.strip_prefix("blobs/sha256/").or_else(|| name.strip_suffix(".json"))?;
    Digest::from_hex(hex).ok()
}
