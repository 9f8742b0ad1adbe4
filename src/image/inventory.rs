//! What a source turned out to hold, by name and by digest.

use std::collections::HashMap;

use crate::digest::Digest;
use crate::source::Blob;
use crate::stream::path::normalise;

/// Rounds of following links in an archive.
const MAX_LINKS: usize = 8;

/// The blobs of a source, each with a number of its own.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    blobs: Vec<Blob>,
    names: HashMap<Vec<u8>, usize>,
    digests: HashMap<Digest, usize>,
    links: HashMap<Vec<u8>, Vec<u8>>,
}

impl Inventory {
    /// Adds a blob; gives its number, and whether its name is new. The last of a name counts, as where an archive is
    /// unpacked, and the last of a digest.
    pub(crate) fn add(&mut self, blob: Blob) -> (usize, bool) {
        let number = self.blobs.len();
        if let Some(digest) = blob.digest {
            self.digests.insert(digest, number);
        }
        let is_new = self.names.insert(blob.name.clone(), number).is_none();
        self.blobs.push(blob);
        (number, is_new)
    }

    /// Adds a blob that nothing will find by its name or digest, for want of memory for these; gives its number.
    pub(crate) fn add_nameless(&mut self, mut blob: Blob) -> usize {
        blob.name.clear();
        blob.digest = None;
        self.blobs.push(blob);
        self.blobs.len() - 1
    }

    /// How many blobs there are.
    pub(crate) fn len(&self) -> usize {
        self.blobs.len()
    }

    /// The blob of that number.
    pub(crate) fn blob(&self, number: usize) -> Option<&Blob> {
        self.blobs.get(number)
    }

    /// The name of a blob; empty where it was not kept.
    pub(crate) fn name(&self, number: usize) -> &[u8] {
        self.blob(number).map(|blob| &blob.name[..]).unwrap_or_default()
    }

    /// Adds a link from one name to another, both normalised.
    pub(crate) fn add_link(&mut self, from: &[u8], to: &[u8]) {
        self.links.insert(from.to_vec(), to.to_vec());
    }

    /// The blob of that name, links followed.
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

    /// The blob that is kept or referred to by that digest.
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<usize> {
        self.digests.get(digest).copied()
    }
}
