//! What the path of a file says of the repository that it belongs to.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Where a loose object or a pack lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GitFile {
    /// The caller's number of the file.
    pub(crate) file: u32,
    /// Stands for the repository: the same for all files of one.
    pub(super) repository: u64,
    /// What the repository's ids are made with.
    pub(super) hash: gix_hash::Kind,
}

impl GitFile {
    /// Told by the path in the layer: the repository is what stands in front of `objects/`, and a name of 62
    /// or more hexadecimal digits is that of an object or a pack in a SHA-256 repository. Bytes that lie
    /// in another file than git's own are taken for SHA-1.
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
