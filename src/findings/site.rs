//! The location of a finding as typed facts. Nothing here is masked or put into words.

use crate::detect::{Position, Step};
use crate::digest::{DiffId, Digest};
use crate::finding::{DockerfileLine, Document, State};
use crate::image::Field;
use crate::sensitive::Name;

/// The location of a finding.
#[derive(Debug, Clone)]
pub(crate) enum Site {
    /// In a file of a layer.
    Layer(LayerSite),
    /// In a JSON document of an image.
    Document(DocumentSite),
    /// In bytes that belong to no file of an image.
    Blob(BlobSite),
    /// In a Dockerfile.
    Dockerfile(DockerfileSite),
    /// In a file on disk.
    File(FileSite),
}

/// A location in a file of a layer.
#[derive(Debug, Clone)]
pub(crate) struct LayerSite {
    /// The number of the image in the target.
    pub(crate) image: usize,
    /// The layer's index in the manifest.
    pub(crate) layer: usize,
    /// The digest of the layer as it is stored.
    pub(crate) digest: Option<Digest>,
    /// The digest of the uncompressed layer.
    pub(crate) diff_id: Option<DiffId>,
    /// The path in the layer.
    pub(crate) path: Name,
    /// Line and column in the innermost decoded content.
    pub(crate) position: Option<Position>,
    /// Byte offset in the innermost decoded content.
    pub(crate) offset: u64,
    /// The decoding steps inside the file.
    pub(crate) via: Vec<Step>,
    /// The state of the file in later layers.
    pub(crate) state: State,
    /// The layer that hides the file.
    pub(crate) hidden_by: Option<usize>,
    /// The line of the Dockerfile that wrote the layer.
    pub(crate) dockerfile: Option<DockerfileLine>,
}

/// A location in a JSON document of an image.
#[derive(Debug, Clone)]
pub(crate) struct DocumentSite {
    /// The number of the image in the target; `None` for an index.
    pub(crate) image: Option<usize>,
    /// The kind of the document.
    pub(crate) document: Document,
    /// The digest of the document.
    pub(crate) digest: Option<Digest>,
    /// The field.
    pub(crate) field: Field,
    /// The decoding steps inside the field.
    pub(crate) via: Vec<Step>,
    /// The line of the Dockerfile that set the field.
    pub(crate) dockerfile: Option<DockerfileLine>,
}

/// A location in bytes that belong to no file of an image.
#[derive(Debug, Clone)]
pub(crate) struct BlobSite {
    /// The blob's digest.
    pub(crate) digest: Option<Digest>,
    /// The entry of the archive or layout. It is empty for the archive's own bytes.
    pub(crate) entry: Name,
    /// The field, if the blob is a JSON document.
    pub(crate) field: Option<Field>,
    /// Byte offset in the innermost decoded content.
    pub(crate) offset: u64,
    /// The decoding steps inside the entry.
    pub(crate) via: Vec<Step>,
}

/// A part of a Dockerfile.
#[derive(Debug, Clone)]
pub(crate) struct DockerfileSite {
    /// The path of the file, as shown in the report.
    pub(crate) path: Name,
    /// The first byte of the part.
    pub(crate) start: Position,
    /// The byte after the part.
    pub(crate) end: Position,
    /// The stage's name or number.
    pub(crate) stage: Option<Name>,
}

/// A location in a file on disk.
#[derive(Debug, Clone)]
pub(crate) struct FileSite {
    /// The path of the file, as shown in the report.
    pub(crate) path: Name,
    /// Line and column in the innermost decoded content.
    pub(crate) position: Option<Position>,
    /// Byte offset in the innermost decoded content.
    pub(crate) offset: u64,
    /// The decoding steps inside the file.
    pub(crate) via: Vec<Step>,
}

/// Another reference to an occurrence.
#[derive(Debug, Clone)]
pub(crate) struct AlsoSite {
    /// The number of the image in the target.
    pub(crate) image: usize,
    /// The file; `None` for a document.
    pub(crate) file: Option<AlsoFile>,
}

/// Another name of a file in a layer.
#[derive(Debug, Clone)]
pub(crate) struct AlsoFile {
    /// The layer's index in the manifest.
    pub(crate) layer: usize,
    /// The path in the layer.
    pub(crate) path: Name,
    /// The state of the file in later layers.
    pub(crate) state: State,
    /// The layer that hides the file.
    pub(crate) hidden_by: Option<usize>,
}
