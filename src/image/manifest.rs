//! Manifests and indexes (OCI image specification; Docker's schema 2 has the same members), and the
//! `manifest.json` of docker archives.

use oci_spec::image::{Descriptor as OciDescriptor, ImageIndex, ImageManifest, MediaType};
use serde::Deserialize;
use serde_json::Value;

use super::contents::TableOfContents;
use super::document::{DocumentError, Parsed, as_go_reads, parse};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::message;
use crate::source::Blob;

/// The JSON members that are read, as the specification spells them.
const NAMES: [&str; 16] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "manifests",
    "config",
    "layers",
    "digest",
    "size",
    "urls",
    "platform",
    "os",
    "architecture",
    "variant",
    "annotations",
    "subject",
    "data",
];

/// The media type of the records of a build cache (BuildKit, `cache/remotecache/v1`).
const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";

/// A manifest or an index. The members it lists decide which one it is.
#[derive(Debug)]
pub(super) enum Manifest {
    Index { manifests: Vec<Descriptor> },
    Image { config: Box<Descriptor>, layers: Vec<Descriptor>, is_artifact: bool },
}

/// A document's reference to a blob.
#[derive(Debug, Clone)]
pub(super) struct Descriptor {
    /// The digest as written. `digest` is the parsed form, if it can be looked up.
    pub(super) digest_text: String,
    pub(super) digest: Option<Digest>,
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) platform: Option<String>,
    pub(super) name: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) is_attestation: bool,
    /// Whether the blob is available elsewhere.
    pub(super) has_urls: bool,
    /// The place of the table of contents of a layer.
    pub(super) contents: Option<TableOfContents>,
}

impl Manifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let parsed = with_layers(as_go_reads(parse(bytes)?, &NAMES));
        if parsed.value().get("manifests").is_some() {
            let index = ImageIndex::deserialize(parsed.value())?;
            return Ok(Self::Index { manifests: index.manifests().iter().map(Descriptor::new).collect() });
        }
        let manifest = ImageManifest::deserialize(parsed.value())?;
        Ok(Self::Image {
            config: Descriptor::new(manifest.config()).into(),
            layers: manifest.layers().iter().map(Descriptor::new).collect(),
            is_artifact: manifest.artifact_type().is_some()
                || !is_image_config(manifest.config().media_type()),
        })
    }
}

/// Returns true if a config of this media type belongs to an image. Media types are unreliable, so only a
/// plainly different type counts as different.
fn is_image_config(media_type: &MediaType) -> bool {
    let media_type = media_type.to_string();
    media_type.is_empty() || media_type.contains("image") || media_type.contains("octet-stream")
}

/// Adds an empty list of layers if there is none. An image without layers may omit the list.
fn with_layers(mut parsed: Parsed) -> Parsed {
    if let Some(members) = parsed.value_mut().as_object_mut()
        && members.contains_key("config")
    {
        members.entry("layers").or_insert_with(|| Value::Array(Vec::new()));
    }
    parsed
}

impl Descriptor {
    /// Returns true for a layer that registries do not have to hold: one with addresses of its own, of a media type that
    /// says so (OCI image specification, "Non-Distributable Layers"; Docker's foreign layers).
    pub(super) fn is_elsewhere(&self) -> bool {
        let says_so = ["nondistributable", "foreign"].iter().any(|word| self.media_type.contains(word));
        self.has_urls && says_so
    }

    /// Creates the problem that the blob is not held.
    pub(super) fn missing(&self, place: Place) -> Problem {
        let digest = &self.digest_text;
        if self.digest.is_none() {
            let detail = message!("its digest {} is of a kind that cannot be read", digest);
            return Problem::error(Code::Unsupported, place, detail);
        }
        Problem::error(Code::Missing, place, message!("the blob {} is missing", digest))
    }

    /// Returns true for the records of a build cache.
    pub(super) fn is_cache_config(&self) -> bool {
        self.media_type == CACHE_CONFIG
    }

    /// Creates the descriptor of a document to which none refers.
    pub(super) fn root(blob: &Blob, name: Option<&str>) -> Self {
        Self {
            digest_text: blob.digest.map(|digest| digest.to_string()).unwrap_or_default(),
            digest: blob.digest,
            media_type: String::new(),
            size: blob.size,
            platform: None,
            name: name.map(str::to_owned),
            tag: None,
            is_attestation: false,
            has_urls: false,
            contents: None,
        }
    }

    /// Creates the descriptor of a manifest that refers to an image.
    pub(super) fn referrer(blob: &Blob) -> Self {
        Self { is_attestation: true, ..Self::root(blob, None) }
    }

    fn new(descriptor: &OciDescriptor) -> Self {
        let annotations = descriptor.annotations().as_ref();
        let annotation = |key: &str| annotations?.get(key).cloned();
        let known = |part: &str| !part.is_empty() && part != "unknown";
        let platform = descriptor.platform().as_ref().and_then(|platform| {
            let (os, architecture) = (platform.os().to_string(), platform.architecture().to_string());
            let variant = platform.variant().as_ref().map(|v| format!("/{v}")).unwrap_or_default();
            (known(&os) && known(&architecture)).then(|| format!("{os}/{architecture}{variant}"))
        });
        let tag = annotation("org.opencontainers.image.ref.name");
        let digest_text = descriptor.digest().to_string();
        Self {
            digest: digest_text.parse().ok(),
            digest_text,
            media_type: descriptor.media_type().to_string(),
            size: descriptor.size(),
            platform,
            name: annotation("io.containerd.image.name").or_else(|| tag.clone()),
            tag,
            is_attestation: annotation("vnd.docker.reference.type").as_deref()
                == Some("attestation-manifest"),
            has_urls: descriptor.urls().as_ref().is_some_and(|urls| !urls.is_empty()),
            contents: TableOfContents::of(|key| Some(annotations?.get(key)?.as_str())),
        }
    }
}

/// One image in the `manifest.json` of a docker archive.
#[derive(Debug, Deserialize)]
pub(super) struct DockerImage {
    #[serde(rename = "Config", default)]
    pub(super) config: String,
    #[serde(rename = "RepoTags", default)]
    pub(super) repo_tags: Vec<String>,
    #[serde(rename = "Layers", default)]
    pub(super) layers: Vec<String>,
}

/// Parses the `manifest.json` of a docker archive.
pub(super) fn read_docker_manifest(bytes: &[u8]) -> Result<Vec<DockerImage>, DocumentError> {
    let parsed = as_go_reads(parse(bytes)?, &["Config", "RepoTags", "Layers"]);
    Ok(Vec::deserialize(parsed.value())?)
}
