//! Which paths a layer hides in the layers below it (OCI image specification, "Whiteouts").

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest as _, Sha256};

use crate::finding::State;
use crate::stream::path::{ancestors, split};

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Other names with this prefix are the bookkeeping of an old storage driver.
const BOOKKEEPING: &[u8] = b".wh..wh.";

/// Whether a normalised path marks something as removed rather than being there itself.
pub fn is_whiteout(path: &[u8]) -> bool {
    split(path).1.starts_with(WHITEOUT)
}

/// The paths of a layer, as far as needed to say what it hides: 64 bits of each path's SHA-256, so that
/// a million files take some megabytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerPaths {
    directories: Hashes,
    others: Hashes,
    whiteouts: Hashes,
    opaque: Hashes,
}

type Hashes = HashSet<u64, BuildHasherDefault<Taken>>;

/// The keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

impl LayerPaths {
    /// What one path costs in memory, about.
    pub const COST: usize = 32;

    /// Adds an entry by its normalised path.
    pub fn add(&mut self, path: &[u8], is_directory: bool) {
        let (directory, name) = split(path);
        if name == OPAQUE {
            self.opaque.insert(hash(directory));
        } else if name.starts_with(BOOKKEEPING) {
            // Names nothing of the image.
        } else if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            self.whiteouts.insert(hash(&crate::stream::path::join(directory, hidden)));
        } else if is_directory {
            self.directories.insert(hash(path));
        } else {
            self.others.insert(hash(path));
        }
    }

    /// What this layer, lying above, does to a file of that normalised path; none if the file stays.
    pub fn hides(&self, path: &[u8]) -> Option<State> {
        let own = hash(path);
        if self.others.contains(&own) || self.directories.contains(&own) {
            return Some(State::Overwritten);
        }
        if self.whiteouts.contains(&own) {
            return Some(State::Deleted);
        }
        for ancestor in ancestors(path).map(hash) {
            if self.others.contains(&ancestor) {
                return Some(State::Overwritten);
            }
            if self.whiteouts.contains(&ancestor) || self.opaque.contains(&ancestor) {
                return Some(State::Deleted);
            }
        }
        None
    }
}

fn hash(path: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(path).into();
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(paths: &[&str]) -> LayerPaths {
        let mut layer = LayerPaths::default();
        for path in paths {
            layer.add(path.trim_end_matches('/').as_bytes(), path.ends_with('/'));
        }
        layer
    }

    #[test]
    fn what_a_layer_hides() {
        for (paths, path, state) in [
            (&["a/.wh.b"][..], "a/b", Some(State::Deleted)),
            (&["a/.wh.b"], "a/b/c/d", Some(State::Deleted)),
            (&["a/.wh.b"], "a/bc", None),
            (&["a/.wh.b"], "a", None),
            (&[".wh.a"], "a/b", Some(State::Deleted)),
            (&["a/.wh..wh..opq"], "a/b", Some(State::Deleted)),
            (&["a/.wh..wh..opq"], "a/b/c", Some(State::Deleted)),
            (&["a/.wh..wh..opq"], "a", None),
            (&["a/.wh..wh..opq"], "b/c", None),
            (&[".wh..wh..opq"], "b/c", Some(State::Deleted)),
            (&["a/.wh..wh.plnk"], "a/plnk", None),
            (&["a/b"], "a/b", Some(State::Overwritten)),
            (&["a/b/"], "a/b", Some(State::Overwritten)),
            (&["a/"], "a/b", None),
            (&["a"], "a/b", Some(State::Overwritten)),
            (&["a/.wh..wh..opq", "a/b"], "a/b", Some(State::Overwritten)),
            (&["a/.wh.b", "a/b/", "a/b/c"], "a/b/c", Some(State::Overwritten)),
            (&["a/.wh.b", "a/b/", "a/b/c"], "a/b/d", Some(State::Deleted)),
            (&["x"], "a/b", None),
        ] {
            assert_eq!(layer(paths).hides(path.as_bytes()), state, "{paths:?} {path}");
        }
    }
}
