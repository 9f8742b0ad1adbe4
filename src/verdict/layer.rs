//! The results for a layer. Nothing here depends on the image, because images share layers.

use super::Problems;
use crate::detect::{Credential, Occurrence};
use crate::image::LayerPaths;
use crate::sensitive::Name;

/// The contents of a layer.
#[derive(Debug, Default)]
pub(crate) struct LayerContent {
    /// Files with results, in the order of the stream.
    pub(crate) files: Vec<File>,
    /// Hard links, in the order of the stream.
    pub(crate) hard_links: Vec<HardLink>,
    /// Symbolic links: the normalised name, and the target as written.
    pub(crate) symlinks: Vec<(Vec<u8>, Vec<u8>)>,
    /// The paths that the layer hides in the layers below.
    pub(crate) paths: LayerPaths,
    /// Problems with the contents of its files.
    pub(crate) problems: Problems,
    /// The first name that is absolute or leads out of the root, and the number of such names.
    pub(crate) odd_names: Option<(Vec<u8>, usize)>,
    /// Whether something was left out because of the memory limit.
    pub(crate) overflow: bool,
}

/// A file of a layer with results.
#[derive(Debug)]
pub(crate) struct File {
    /// The normalised path.
    pub(crate) path: Name,
    /// The tokens in the file.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Credentials that count if the file is a credential file.
    pub(crate) credentials: Vec<Credential>,
    /// The number of the file's entry in the layer.
    pub(crate) number: u32,
    /// The number of a later entry in the same layer that takes the place of the file or of a directory above it.
    pub(crate) superseded_by: Option<u32>,
}

/// Another name for an entry of this layer or a layer below. Some images have hundreds of thousands, so each takes
/// little memory.
#[derive(Debug)]
pub(crate) struct HardLink {
    /// The normalised name.
    pub(crate) name: Box<[u8]>,
    /// The hash of the normalised name of the target ([`PathHashes::own`](crate::image::PathHashes::own)).
    pub(crate) target: u64,
    /// The number of the link's entry in the layer.
    pub(crate) number: u32,
    /// The number of a later entry in the same layer that takes the place of the link or of a directory above it.
    pub(crate) superseded_by: Option<u32>,
}
