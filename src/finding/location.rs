//! Where a finding lies.

use serde::{Deserialize, Serialize};

use crate::detect::{Encoding, Position};
use crate::digest::{DiffId, Digest, LayerIndex};
use crate::mask::{Masked, PathName};

/// A position as two fields of a location, null where the content is not text.
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

/// Whether offset, line and column count in the file itself: the token is in it as it is, or with characters of it spelled.
/// After any other step they count in what was decoded.
#[must_use]
pub fn counts_in_file(via: &[Masked]) -> bool {
    let spellings = [Encoding::Concatenation, Encoding::Percent, Encoding::Escape];
    via.iter().all(|step| spellings.iter().any(|spelling| step.as_str() == spelling.name()))
}

/// What has become of a layer's file in the layers above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Still there in the final file system.
    Present,
    /// Removed by a whiteout of a later layer; whoever pulls the image can still read it.
    Deleted,
    /// Replaced by another entry; whoever pulls the image can still read it.
    Overwritten,
}

/// A Dockerfile line that an image finding was traced to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DockerfileLine {
    /// The Dockerfile.
    #[serde(flatten)]
    pub path: PathName,
    /// The instruction's first line, from 1.
    pub line: u64,
}

/// The JSON documents an image is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Document {
    /// The image configuration.
    Config,
    /// An image manifest, the docker archive's `manifest.json` included.
    Manifest,
    /// An image index, or a layout's own files.
    Index,
    /// An in-toto attestation, or another document that refers to an image.
    Attestation,
}

/// Where a finding lies. The JSON form is pinned by the report schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Location {
    /// In a layer of an image.
    Layer {
        /// The image's name, null where the source gives it none.
        image: Option<Masked>,
        /// `os/architecture[/variant]`.
        platform: Option<Masked>,
        /// The layer's place in the manifest.
        layer: LayerIndex,
        /// The digest of the blob as it is stored, null where the source names none.
        digest: Option<Digest>,
        /// The digest of the uncompressed layer, as the config lists it.
        diff_id: Option<DiffId>,
        /// The entry's path, without a leading `/` or `./`.
        #[serde(flatten)]
        path: PathName,
        /// Line and column in the innermost decoded content, null where that is not text.
        #[serde(flatten, with = "position_fields")]
        position: Option<Position>,
        /// Byte offset in the innermost decoded content.
        offset: u64,
        /// How it was reached inside the entry, outermost first.
        via: Vec<Masked>,
        /// What has become of the file.
        state: State,
        /// The layer that hides it.
        hidden_by: Option<LayerIndex>,
        /// The history entry that made the layer, null where history and layers do not line up.
        created_by: Option<Masked>,
        /// The Dockerfile line, where one is known.
        dockerfile: Option<DockerfileLine>,
    },
    /// In a JSON document of an image.
    Config {
        /// The image's name, null where there is none, and for an index.
        image: Option<Masked>,
        /// The image's platform; null for an index.
        platform: Option<Masked>,
        /// Which document.
        document: Document,
        /// The document's digest, null where the source names none.
        digest: Option<Digest>,
        /// The field, `config.Env[2]`.
        field: Masked,
        /// How it was reached inside the field, outermost first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        via: Vec<Masked>,
        /// The Dockerfile line, where one is known.
        dockerfile: Option<DockerfileLine>,
    },
    /// In a blob that nothing refers to, in a blob's bytes as stored, or in the archive's own bytes.
    Blob {
        /// The blob's digest, where it has one.
        digest: Option<Digest>,
        /// The archive's entry or the layout's file.
        entry: Masked,
        /// Byte offset in the innermost decoded content.
        offset: u64,
        /// How it was reached inside the entry, outermost first.
        via: Vec<Masked>,
    },
    /// In a Dockerfile.
    Dockerfile {
        /// The Dockerfile.
        #[serde(flatten)]
        path: PathName,
        /// First line of the span, from 1.
        line: u64,
        /// First column of the span, in characters, from 1.
        column: u64,
        /// Last line of the span.
        end_line: u64,
        /// The column behind the span's last character.
        end_column: u64,
        /// The stage's name, or its number from 0; null in front of the first `FROM`.
        stage: Option<Masked>,
    },
    /// In a file on disk.
    File {
        /// The file.
        #[serde(flatten)]
        path: PathName,
        /// Line and column in the innermost decoded content, null where that is not text.
        #[serde(flatten, with = "position_fields")]
        position: Option<Position>,
        /// Byte offset in the innermost decoded content.
        offset: u64,
        /// How it was reached inside the file, outermost first.
        via: Vec<Masked>,
    },
}

/// A further reference to the same occurrence: another image, layer, platform or hard-linked name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    /// The image's name.
    pub image: Option<Masked>,
    /// The image's platform.
    pub platform: Option<Masked>,
    /// The layer's place in that image's manifest; null for a document.
    pub layer: Option<LayerIndex>,
    /// The path there; absent for a document.
    #[serde(flatten)]
    pub path: Option<PathName>,
    /// What has become of the file there; null for a document.
    pub state: Option<State>,
    /// The layer that hides it there.
    pub hidden_by: Option<LayerIndex>,
}
