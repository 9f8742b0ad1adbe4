//! Where a finding lies.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{DiffId, Digest, LayerIndex, Masked};

/// A path as a report shows it. Names are bytes: one that is not UTF-8 is shown lossily, and whole in
/// base64 beside it. Tokens in it are masked in both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathName {
    shown: Masked,
    base64: Option<Masked>,
}

impl PathName {
    /// A path from bytes that have been masked already.
    pub(crate) fn from_masked_bytes(bytes: &[u8]) -> Self {
        use base64::Engine as _;
        let lossy = String::from_utf8_lossy(bytes);
        let base64 = matches!(lossy, std::borrow::Cow::Owned(_))
            .then(|| Masked::from_masker(base64::engine::general_purpose::STANDARD.encode(bytes)));
        Self { shown: Masked::from_masker(lossy.into_owned()), base64 }
    }

    /// The path as masked text, lossy where it is not UTF-8.
    pub fn shown(&self) -> &Masked {
        &self.shown
    }

    /// The path as text, lossy where it is not UTF-8.
    pub fn as_str(&self) -> &str {
        self.shown.as_str()
    }
}

impl Serialize for PathName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.shown)?;
        if let Some(base64) = &self.base64 {
            map.serialize_entry("path_base64", base64)?;
        }
        map.end()
    }
}

/// A place in text. Both count from 1; the column is in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

/// `line` and `column` are two fields of a location, null where the content is not text.
#[expect(clippy::ref_option, reason = "the signature that serde's `serialize_with` asks for")]
fn flatten_position<S: Serializer>(position: &Option<Position>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("line", &position.map(|p| p.line))?;
    map.serialize_entry("column", &position.map(|p| p.column))?;
    map.end()
}

/// What has become of a layer's file in the layers above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct DockerfileLine {
    /// The Dockerfile.
    #[serde(flatten)]
    pub path: PathName,
    /// The instruction's first line, from 1.
    pub line: u64,
}

/// The JSON documents an image is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        #[serde(flatten, serialize_with = "flatten_position")]
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
        #[serde(skip_serializing_if = "Vec::is_empty")]
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
        #[serde(flatten, serialize_with = "flatten_position")]
        position: Option<Position>,
        /// Byte offset in the innermost decoded content.
        offset: u64,
        /// How it was reached inside the file, outermost first.
        via: Vec<Masked>,
    },
}

/// A further reference to the same occurrence: another image, layer, platform or hard-linked name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
