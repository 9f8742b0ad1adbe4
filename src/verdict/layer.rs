//! What was found in a layer. Nothing here depends on the image, since layers are shared between images.

use super::Problems;
use crate::detect::{KeptToken, Occurrence};
use crate::image::LayerPaths;
use crate::sensitive::Name;

/// What a layer holds.
#[derive(Debug, Default)]
pub(crate) struct LayerContent {
    /// Files with something in them, in the order of the stream.
    pub(crate) files: Vec<File>,
    /// Hard links, in the order of the stream.
    pub(crate) hard_links: Vec<HardLink>,
    /// Symbolic links: the normalised name, and the target as written.
    pub(crate) symlinks: Vec<(Vec<u8>, Vec<u8>)>,
    /// What it hides in the layers below.
    pub(crate) paths: LayerPaths,
    /// Problems with what is in its files.
    pub(crate) problems: Problems,
    /// The first name that is absolute or climbs, and how many there are.
    pub(crate) odd_names: Option<(Vec<u8>, usize)>,
    /// Whether something was left out of the above for lack of memory.
    pub(crate) overflow: bool,
}

/// A file of a layer in which something was found.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path, normalised.
    pub(crate) path: Name,
    /// The tokens in it.
    pub(crate) occurrences: Vec<Occurrence>,
    /// What would be a token if this is a place where one is kept.
    pub(crate) kept: Vec<KeptToken>,
    /// The number of its entry in the layer.
    pub(crate) number: usize,
    /// The number of a later entry of that path in the same layer.
    pub(crate) superseded_by: Option<usize>,
}

/// Another name for an entry of this layer or of one below.
#[derive(Debug)]
pub(crate) struct HardLink {
    /// The name, normalised.
    pub(crate) name: Vec<u8>,
    /// The name it stands for, normalised.
    pub(crate) target: Vec<u8>,
    /// The number of its entry in the layer.
    pub(crate) number: usize,
    /// The number of a later entry of that name in the same layer.
    pub(crate) superseded_by: Option<usize>,
}
