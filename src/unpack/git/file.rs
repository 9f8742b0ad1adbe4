//! Facts about a repository that the path of one of its files reveals.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The location of a loose object or a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GitFile {
    /// The number that the caller gave the file.
    pub(crate) file: u32,
    /// An identifier of the repository, equal for all files in it.
    pub(super) repository: u64,
    /// The hash function of the repository's object IDs.
    pub(super) hash: gix_hash::Kind,
}

impl GitFile {
    /// Derives the location from a path in the layer. The repository is the part of the path before
    /// `objects/`. A name of 62 or more hexadecimal digits belongs to an object or a pack of a SHA-256
    /// repository. Bytes in any file that is not git's own are assumed to use SHA-1.
    pub(crate) fn new(file: u32, path: &[u8]) -> Self {
        let components: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
        let objects = components.iter().rposition(|component| *component == b"objects");
        let repository = components.get(..objects.unwrap_or(components.len())).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        repository.hash(&mut hasher);
        let name = components.last().copied().unwrap_or_default();
        let longest = name.split(|b| !b.is_ascii_hexdigit()).map(<[u8]>::len).max();
        let hash = if longest >= Some(62) { gix_hash::Kind::Sha256 } else { gix_hash::Kind::Sha1 };
        Self { file, repository: hasher.finish(), hash }
    }
}
