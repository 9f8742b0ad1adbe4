//! The blobs found in a source, by name and by digest.

use std::collections::HashMap;

use crate::digest::Digest;
use crate::source::Blob;
use crate::stream::path::normalise;

/// The maximum number of links followed one after the other in an archive.
const MAX_LINKS: usize = 8;

/// The blobs of a source, each with its own number.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    blobs: Vec<Blob>,
    names: HashMap<Vec<u8>, usize>,
    digests: HashMap<Digest, usize>,
    links: HashMap<Vec<u8>, Vec<u8>>,
}

impl Inventory {
    /// Adds a blob. Returns its number, and true if its name is new. Among blobs with the same name or
    /// digest, the last one counts, just as when an archive is unpacked.
    pub(crate) fn add(&mut self, blob: Blob) -> (usize, bool) {
        let number = self.blobs.len();
        if let Some(digest) = blob.digest {
            self.digests.insert(digest, number);
        }
        let is_new = self.names.insert(blob.name.clone(), number).is_none();
        self.blobs.push(blob);
        (number, is_new)
    }

    /// Adds a blob that cannot be found by name or digest, because there is no memory left for these. Returns
    /// its number.
    pub(crate) fn add_nameless(&mut self, mut blob: Blob) -> usize {
        blob.name.clear();
        blob.digest = None;
        self.blobs.push(blob);
        self.blobs.len() - 1
    }

    /// Returns the number of blobs.
    pub(crate) fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Returns the blob with this number.
    pub(crate) fn blob(&self, number: usize) -> Option<&Blob> {
        self.blobs.get(number)
    }

    /// Returns the name of a blob. The name is empty if it was not kept.
    pub(crate) fn name(&self, number: usize) -> &[u8] {
        self.blob(number).map(|blob| &blob.name[..]).unwrap_or_default()
    }

    /// Adds a link from one name to another, both normalised.
    pub(crate) fn add_link(&mut self, from: &[u8], to: &[u8]) {
        self.links.insert(from.to_vec(), to.to_vec());
    }

    /// Returns the blob with this name, after following links.
    pub(crate) fn by_name(&self, name: &[u8]) -> Option<usize> {
        let mut name = normalise(name);
        for _ in 0..MAX_LINKS {
            if let Some(&number) = self.names.get(&name) {
                return Some(number);
            }
            name.clone_from(self.links.get(&name)?);
        }
        None
    }

    /// Returns the blob that is stored or referred to under this digest.
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<usize> {
        self.digests.get(digest).copied()
    }
}
