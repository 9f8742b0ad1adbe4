//! Locations of findings.

use serde::{Deserialize, Serialize};

use crate::detect::{Encoding, Position};
use crate::digest::{DiffId, Digest, LayerIndex};
use crate::mask::{Masked, PathName};

/// Serialises a position as two fields of a location. Both are null if the content is not text.
mod position_fields {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Position;

    #[derive(Serialize, Deserialize)]
    struct Fields {
        line: Option<u64>,
        column: Option<u64>,
    }

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` asks for")]
    pub(super) fn serialize<S: Serializer>(position: &Option<Position>, to: S) -> Result<S::Ok, S::Error> {
        Fields { line: position.map(|p| p.line), column: position.map(|p| p.column) }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Position>, D::Error> {
        let Fields { line, column } = Fields::deserialize(from)?;
        Ok(line.zip(column).map(|(line, column)| Position { line, column }))
    }
}

/// Returns true if offset, line and column refer to the file itself: the token is in the file as it is, or
/// with some of its characters escaped. After any other step they refer to the decoded content.
#[must_use]
pub fn counts_in_file(via: &[Masked]) -> bool {
    let spellings = [Encoding::Concatenation, Encoding::Percent, Encoding::Escape];
    via.iter().all(|step| spellings.iter().any(|spelling| step.as_str() == spelling.name()))
}

/// The state of a layer's file, as the layers above leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Still present in the final file system.
    Present,
    /// Removed by a whiteout in a later layer. Anyone who pulls the image can still read it.
    Deleted,
    /// Replaced by another entry. Anyone who pulls the image can still read it.
    Overwritten,
}

/// The Dockerfile line that caused an image finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DockerfileLine {
    /// The Dockerfile.
    #[serde(flatten)]
    pub path: PathName,
    /// The first line of the instruction, counted from 1.
    pub line: u64,
}

/// The JSON documents of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Document {
    /// The image configuration.
    Config,
    /// An image manifest, or the `manifest.json` of a docker archive.
    Manifest,
    /// An image index, or a file of the layout itself.
    Index,
    /// An in-toto attestation, or another document that refers to an image.
    Attestation,
}

/// The location of a finding. The report schema fixes its JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Location {
    /// In a layer of an image.
    Layer {
        /// The name of the image. Null if the source gives it none.
        image: Option<Masked>,
        /// `os/architecture[/variant]`.
        platform: Option<Masked>,
        /// The index of the layer in the manifest.
        layer: LayerIndex,
        /// The digest of the blob as stored. Null if the source does not name one.
        digest: Option<Digest>,
        /// The digest of the uncompressed layer, as listed in the config.
        diff_id: Option<DiffId>,
        /// The path of the entry, without a leading `/` or `./`.
        #[serde(flatten)]
        path: PathName,
        /// Line and column in the innermost decoded content. Null if that is not text.
        #[serde(flatten, with = "position_fields")]
        position: Option<Position>,
        /// The byte offset in the innermost decoded content.
        offset: u64,
        /// The decoding steps inside the entry, outermost first.
        via: Vec<Masked>,
        /// The state of the file.
        state: State,
        /// The layer that hides the file.
        hidden_by: Option<LayerIndex>,
        /// The history entry that created the layer. Null if history and layers do not match.
        created_by: Option<Masked>,
        /// The Dockerfile line, if known.
        dockerfile: Option<DockerfileLine>,
    },
    /// In a JSON document of an image.
    Config {
        /// The name of the image. Null for an unnamed image and for an index.
        image: Option<Masked>,
        /// The platform of the image. Null for an index.
        platform: Option<Masked>,
        /// The kind of document.
        document: Document,
        /// The digest of the document. Null if the source does not name one.
        digest: Option<Digest>,
        /// The field, such as `config.Env[2]`.
        field: Masked,
        /// The decoding steps inside the field, outermost first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        via: Vec<Masked>,
        /// The Dockerfile line, if known.
        dockerfile: Option<DockerfileLine>,
    },
    /// In a blob without references, in the stored bytes of a blob, or in the bytes of the archive itself.
    Blob {
        /// The digest of the blob, if it has one.
        digest: Option<Digest>,
        /// The entry of the archive, or the file of the layout.
        entry: Masked,
        /// The byte offset in the innermost decoded content.
        offset: u64,
        /// The decoding steps inside the entry, outermost first.
        via: Vec<Masked>,
    },
    /// In a Dockerfile.
    Dockerfile {
        /// The Dockerfile.
        #[serde(flatten)]
        path: PathName,
        /// The first line of the span, counted from 1.
        line: u64,
        /// The first column of the span in characters, counted from 1.
        column: u64,
        /// The last line of the span.
        end_line: u64,
        /// The column after the last character of the span.
        end_column: u64,
        /// The name of the build stage, or its number from 0. Null before the first `FROM`.
        stage: Option<Masked>,
    },
    /// In a file on disk.
    File {
        /// The file.
        #[serde(flatten)]
        path: PathName,
        /// Line and column in the innermost decoded content. Null if that is not text.
        #[serde(flatten, with = "position_fields")]
        position: Option<Position>,
        /// The byte offset in the innermost decoded content.
        offset: u64,
        /// The decoding steps inside the file, outermost first.
        via: Vec<Masked>,
    },
}

/// Another reference to the same occurrence, through a different image, layer, platform or hard link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    /// The name of the image.
    pub image: Option<Masked>,
    /// The platform of the image.
    pub platform: Option<Masked>,
    /// The index of the layer in that image's manifest. Null for a document.
    pub layer: Option<LayerIndex>,
    /// The path in that layer. Absent for a document.
    #[serde(flatten)]
    pub path: Option<PathName>,
    /// The state of the file in that image. Null for a document.
    pub state: Option<State>,
    /// The layer that hides the file in that image.
    pub hidden_by: Option<LayerIndex>,
}
