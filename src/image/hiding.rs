//! The paths that a layer hides in the layers below it (OCI image specification, "Whiteouts").

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest as _, Sha256};

use crate::finding::State;
use crate::stream::path::{join, split};

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// The prefix of bookkeeping files of an old storage driver, apart from opaque whiteouts.
const BOOKKEEPING: &[u8] = b".wh..wh.";

/// Returns true if a normalised path marks something as removed instead of naming a file.
pub(crate) fn is_whiteout(path: &[u8]) -> bool {
    split(path).1.starts_with(WHITEOUT)
}

/// The paths of a layer, in the form needed to decide what the layer hides. Each path is stored as 64 bits of
/// its SHA-256, so a million files take a few megabytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LayerPaths {
    directories: Hashes,
    others: Hashes,
    whiteouts: Hashes,
    opaque: Hashes,
    /// The depths of all these paths, in components. Ancestors at other depths need not be looked up.
    depths: BTreeSet<usize>,
}

type Hashes = HashSet<u64, BuildHasherDefault<Taken>>;

/// A hasher for keys that are hashes already.
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
    /// The approximate memory cost of one path.
    pub(crate) const COST: usize = 32;

    /// Adds an entry by its normalised path. Its directories are added apart ([`Self::add_directory`]).
    pub(crate) fn add(&mut self, path: &[u8], is_directory: bool) {
        let (directory, name) = split(path);
        let (set, path) = if name == OPAQUE {
            (&mut self.opaque, directory.to_vec())
        } else if name.starts_with(BOOKKEEPING) {
            return; // Bookkeeping, not a path of the image.
        } else if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            (&mut self.whiteouts, join(directory, hidden))
        } else if is_directory {
            (&mut self.directories, path.to_vec())
        } else {
            (&mut self.others, path.to_vec())
        };
        set.insert(hash(&path));
        self.depths.insert(depth(&path));
    }

    /// Adds a directory by the hash of its path, where a layer has a path in it but perhaps no entry of its own.
    /// Such a directory takes the place of a file as well. Returns true if it is new.
    pub(crate) fn add_directory(&mut self, path: u64) -> bool {
        self.directories.insert(path)
    }

    /// Returns true if the layer has a directory whose path has this hash.
    pub(crate) fn has_directory(&self, path: u64) -> bool {
        self.directories.contains(&path)
    }

    /// Returns the number of paths.
    pub(crate) fn len(&self) -> usize {
        [&self.directories, &self.others, &self.whiteouts, &self.opaque].iter().map(|set| set.len()).sum()
    }

    /// Returns all fields as numbers in ascending order: directories, others, whiteouts, opaque directories,
    /// and depths.
    pub(crate) fn to_numbers(&self) -> [Vec<u64>; 5] {
        let sorted = |set: &Hashes| {
            let mut hashes: Vec<u64> = set.iter().copied().collect();
            hashes.sort_unstable();
            hashes
        };
        let depths = self.depths.iter().map(|&depth| depth as u64).collect();
        let Self { directories, others, whiteouts, opaque, .. } = self;
        [sorted(directories), sorted(others), sorted(whiteouts), sorted(opaque), depths]
    }

    /// Rebuilds the value from the result of [`Self::to_numbers`].
    pub(crate) fn from_numbers([directories, others, whiteouts, opaque, depths]: [Vec<u64>; 5]) -> Self {
        let set = |hashes: Vec<u64>| hashes.into_iter().collect();
        Self {
            directories: set(directories),
            others: set(others),
            whiteouts: set(whiteouts),
            opaque: set(opaque),
            depths: depths.into_iter().filter_map(|depth| usize::try_from(depth).ok()).collect(),
        }
    }

    /// Returns the effect that this layer has on a file at `path` in a layer below. Returns `None` if the
    /// file remains visible.
    pub(crate) fn hides(&self, path: &PathHashes) -> Option<State> {
        let (own, ancestors) = path.0.split_last()?;
        if self.others.contains(own) || self.directories.contains(own) {
            return Some(State::Overwritten);
        }
        if self.whiteouts.contains(own) {
            return Some(State::Deleted);
        }
        for ancestor in self.depths.range(..ancestors.len()).rev().filter_map(|&depth| ancestors.get(depth)) {
            if self.others.contains(ancestor) {
                return Some(State::Overwritten);
            }
            if self.whiteouts.contains(ancestor) || self.opaque.contains(ancestor) {
                return Some(State::Deleted);
            }
        }
        None
    }
}

/// A normalised path in the form used by [`LayerPaths`]. It is hashed once and looked up in many layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathHashes(Vec<u64>);

impl PathHashes {
    /// Hashes a normalised path and its ancestors in one pass: the root first, the path itself last.
    pub(crate) fn new(path: &[u8]) -> Self {
        let mut hashes = vec![hash(b"")];
        let mut state = Sha256::new();
        let mut from = 0;
        for at in memchr::memchr_iter(b'/', path) {
            state.update(path.get(from..at).unwrap_or_default());
            hashes.push(short(state.clone()));
            from = at;
        }
        if !path.is_empty() {
            state.update(path.get(from..).unwrap_or_default());
            hashes.push(short(state));
        }
        Self(hashes)
    }

    /// Returns the hash of the path alone.
    pub(crate) fn own(path: &[u8]) -> u64 {
        hash(path)
    }

    /// Returns the hashes of the path and its ancestors, the path itself first and the root last.
    pub(crate) fn nearest_first(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().rev().copied()
    }
}

fn depth(path: &[u8]) -> usize {
    if path.is_empty() { 0 } else { memchr::memchr_iter(b'/', path).count() + 1 }
}

fn hash(path: &[u8]) -> u64 {
    short(Sha256::new_with_prefix(path))
}

fn short(state: Sha256) -> u64 {
    let digest: [u8; 32] = state.finalize().into();
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::path::ancestors;

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
            assert_eq!(layer(paths).hides(&PathHashes::new(path.as_bytes())), state, "{paths:?} {path}");
        }
    }

    #[test]
    fn numbers_are_all_of_it() {
        let paths = layer(&["a/", "a/b", "c/.wh.d", "e/.wh..wh..opq", "f/g/h/", ".wh..wh..opq"]);
        assert_eq!(paths.len(), 6);
        assert_eq!(LayerPaths::from_numbers(paths.to_numbers()), paths);
    }

    #[test]
    fn a_path_is_hashed_with_its_ancestors() {
        for path in
            [&b""[..], b"a", b"a/b", b"some/longer/path/of/more/than/one/block/of/sixty/four/bytes/x.txt"]
        {
            let one_by_one: Vec<u64> = std::iter::once(path).chain(ancestors(path)).map(hash).collect();
            assert_eq!(PathHashes::new(path).nearest_first().collect::<Vec<_>>(), one_by_one);
        }
    }

    #[test]
    fn a_path_of_very_many_components() {
        let deep = "a/".repeat(500_000) + "b";
        let hashes = PathHashes::new(deep.as_bytes());
        assert_eq!(layer(&["a/a/.wh.a"]).hides(&hashes), Some(State::Deleted));
        let other = layer(&["x/y/z"]);
        for _ in 0..10_000 {
            assert_eq!(other.hides(&hashes), None);
        }
    }
}
