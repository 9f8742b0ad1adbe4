//! The images of a source, and the documents that belong to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::config::Config;
use super::contents::TableOfContents;
use crate::digest::{DiffId, Digest};
use crate::finding::{Document, Problem};
use crate::sensitive::Name;

/// An image of a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    /// The name of the image.
    pub(crate) name: Option<String>,
    /// `os/architecture[/variant]`.
    pub(crate) platform: Option<String>,
    /// The digest of the manifest. A docker archive has none.
    pub(crate) manifest_digest: Option<Digest>,
    /// The digest of the config.
    pub(crate) config_digest: Option<Digest>,
    /// The inventory entry of the config.
    pub(crate) config_entry: Option<usize>,
    /// The contents of the config.
    pub(crate) config: Arc<Config>,
    /// The layers, lowest first.
    pub(crate) layers: Vec<Layer>,
    /// Whether the source holds any blob of the image.
    pub(crate) held: bool,
    /// Whether the layers are those of a build cache, in which none hides files of another.
    pub(crate) is_cache: bool,
    /// Whether the history could be aligned with the layers.
    pub(crate) history_aligned: bool,
    /// Problems with the image. They are ignored if the source holds none of this image's blobs but does hold
    /// other images.
    pub(crate) problems: Vec<Problem>,
}

/// A layer of an image.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    /// The inventory entry of the layer. `None` if the layer is missing.
    pub(crate) entry: Option<usize>,
    /// The digest in the layer's descriptor.
    pub(crate) digest: Option<Digest>,
    /// The digest of the uncompressed layer.
    pub(crate) diff_id: Option<DiffId>,
    /// The media type in the layer's descriptor.
    pub(crate) media_type: Option<String>,
    /// The size in the layer's descriptor.
    pub(crate) size: Option<u64>,
    /// The place of the layer's table of contents, if it has one.
    pub(crate) contents: Option<TableOfContents>,
    /// The command that made the layer.
    pub(crate) created_by: Option<Name>,
}

/// A JSON document that belongs to an image or an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocumentRef {
    /// The inventory entry.
    pub(crate) entry: usize,
    /// The kind of document.
    pub(crate) document: Document,
    /// The number of the image that the document belongs to. `None` for an index.
    pub(crate) image: Option<usize>,
}

/// All images of a source.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// The images, in the order in which the source names them.
    pub(crate) images: Vec<Image>,
    /// The documents of the images. A document may be listed several times, for several images.
    pub(crate) documents: Vec<DocumentRef>,
    /// Inventory entries that belong to attestations and other artifacts.
    pub(crate) attached: BTreeSet<usize>,
    /// Problems with the source as a whole.
    pub(crate) problems: Vec<Problem>,
    /// Whether the source names an artifact that is neither an image nor the attestation of one.
    pub(crate) names_artifacts: bool,
    /// Whether there is an `index.json` or a `manifest.json`.
    pub(crate) names_images: bool,
    /// Whether a tag was requested, so that blobs of other images are ignored.
    pub(crate) is_selection: bool,
}
