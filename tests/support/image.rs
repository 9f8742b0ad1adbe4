//! Handmade images: layers, configs, manifests and archive formats.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::files::{self, Files, Item};
use super::token::hex;

/// The compression of a stored layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Plain,
    Gzip,
    Zstd,
}

/// A layer: the diff ID of its tar stream, and the blob that stores it.
#[derive(Debug, Clone)]
pub struct Layer {
    pub diff_id: String,
    pub blob: Vec<u8>,
    pub media_type: String,
}

impl Layer {
    /// Creates a layer stored with gzip, like most layers.
    pub fn new(tar: &[u8]) -> Self {
        Self::stored(tar, Compression::Gzip)
    }

    pub fn stored(tar: &[u8], compression: Compression) -> Self {
        let (blob, suffix) = match compression {
            Compression::Plain => (tar.to_vec(), ""),
            Compression::Gzip => (files::gzip(tar), "+gzip"),
            Compression::Zstd => (files::zstd(tar), "+zstd"),
        };
        let media_type = format!("application/vnd.oci.image.layer.v1.tar{suffix}");
        Self { diff_id: digest(tar), blob, media_type }
    }

    pub fn digest(&self) -> String {
        digest(&self.blob)
    }
}

/// An image: its layers and its config.
#[derive(Debug, Clone)]
pub struct Image {
    /// `name:tag`, if the image has a name.
    pub name: Option<String>,
    pub layers: Vec<Layer>,
    /// The config without `rootfs`.
    pub config: Value,
    /// The annotations of the manifest.
    pub annotations: Value,
}

impl Image {
    /// Creates an image for linux/amd64, with a history entry for each layer: `RUN step 0`, `RUN step 1`, and
    /// so on.
    pub fn new(name: &str, layers: impl IntoIterator<Item = Layer>) -> Self {
        let layers: Vec<_> = layers.into_iter().collect();
        let history: Vec<_> = (0..layers.len())
            .map(|step| json!({"created": "2026-01-01T00:00:00Z", "created_by": format!("RUN step {step}")}))
            .collect();
        Self {
            name: Some(name.to_owned()),
            layers,
            config: json!({"architecture": "amd64", "os": "linux", "config": {}, "history": history}),
            annotations: json!({}),
        }
    }

    /// Sets a field of the container config, such as `Env`, `Cmd` or `Labels`.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.config["config"][field] = value;
        self
    }

    /// Sets the environment. Each variable is `NAME=value`.
    #[must_use]
    pub fn env(self, variables: &[&str]) -> Self {
        self.with("Env", json!(variables))
    }

    #[must_use]
    pub fn history(mut self, history: Value) -> Self {
        self.config["history"] = history;
        self
    }

    #[must_use]
    pub fn platform(mut self, architecture: &str) -> Self {
        self.config["architecture"] = json!(architecture);
        self
    }

    pub fn config_bytes(&self) -> Vec<u8> {
        let mut config = self.config.clone();
        let diff_ids: Vec<_> = self.layers.iter().map(|layer| &layer.diff_id).collect();
        config["rootfs"] = json!({"type": "layers", "diff_ids": diff_ids});
        serde_json::to_vec(&config).unwrap()
    }

    pub fn manifest(&self) -> Value {
        let layers: Vec<_> =
            self.layers.iter().map(|layer| descriptor(&layer.media_type, &layer.blob)).collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &self.config_bytes()),
            "layers": layers,
        });
        if self.annotations != json!({}) {
            manifest["annotations"] = self.annotations.clone();
        }
        manifest
    }
}

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Returns the `sha256:…` digest of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// Returns the path `blobs/sha256/…` of a digest.
pub fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

/// An OCI layout: the blobs, and the descriptors in `index.json`.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    blobs: Files,
    manifests: Vec<Value>,
}

impl Layout {
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a layout with these images. The index names each of them.
    pub fn of(images: &[&Image]) -> Self {
        let mut layout = Self::new();
        for image in images {
            let mut descriptor = layout.add(image);
            if let Some(name) = &image.name {
                descriptor["annotations"] = json!({
                    "io.containerd.image.name": name,
                    "org.opencontainers.image.ref.name": name,
                });
            }
            layout.manifests.push(descriptor);
        }
        layout
    }

    /// Stores the blobs of an image. Returns the descriptor of its manifest, with the platform.
    pub fn add(&mut self, image: &Image) -> Value {
        for layer in &image.layers {
            self.blob(&layer.blob);
        }
        self.blob(&image.config_bytes());
        let mut descriptor = self.document(MANIFEST, &image.manifest());
        descriptor["platform"] =
            json!({"architecture": image.config["architecture"], "os": image.config["os"]});
        descriptor
    }

    /// Stores an index with these descriptors. Returns the descriptor of the index.
    pub fn index(&mut self, manifests: &[Value]) -> Value {
        self.document(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}))
    }

    /// Stores a JSON document. Returns its descriptor.
    pub fn document(&mut self, media_type: &str, document: &Value) -> Value {
        let bytes = serde_json::to_vec(document).unwrap();
        self.blob(&bytes);
        descriptor(media_type, &bytes)
    }

    /// Stores a blob, unless it is already present.
    pub fn blob(&mut self, bytes: &[u8]) {
        let path = blob_path(&digest(bytes));
        if !self.blobs.0.iter().any(|(name, _)| *name == path) {
            self.blobs.push(path, bytes);
        }
    }

    /// Adds a descriptor to `index.json`.
    #[must_use]
    pub fn entry(mut self, descriptor: Value) -> Self {
        self.manifests.push(descriptor);
        self
    }

    /// Returns the files in order: `oci-layout`, `index.json`, then the blobs.
    pub fn files(&self) -> Files {
        let mut files = Files::default();
        files.push("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests});
        files.push("index.json", serde_json::to_vec(&index).unwrap());
        files.0.extend(self.blobs.0.iter().cloned());
        files
    }
}

/// Returns a docker archive in the format of skopeo and podman: uncompressed layers first, `manifest.json`
/// last.
pub fn docker_archive(images: &[&Image]) -> Files {
    let mut files = Files::default();
    let mut manifest = Vec::new();
    for image in images {
        let mut layers = Vec::new();
        for layer in &image.layers {
            let name = format!("{}.tar", &layer.diff_id["sha256:".len()..]);
            if !files.0.iter().any(|(known, _)| *known == name) {
                files.push(&name, layer.blob.clone());
            }
            layers.push(name);
        }
        let config = image.config_bytes();
        let name = format!("{}.json", &digest(&config)["sha256:".len()..]);
        files.push(&name, config);
        manifest.push(json!({"Config": name, "RepoTags": image.name.as_slice(), "Layers": layers}));
    }
    files.push("manifest.json", serde_json::to_vec(&manifest).unwrap());
    files
}

/// Returns a docker archive in the format of `docker save` up to version 24. It has a directory for each layer,
/// a symbolic link for each repeated layer, and `repositories`.
pub fn old_docker_archive(images: &[&Image]) -> Files {
    let mut files = Files::default();
    let mut manifest = Vec::new();
    let mut stored: Vec<(String, String)> = Vec::new();
    let mut repositories = json!({});
    for image in images {
        let mut layers = Vec::new();
        let mut parent = String::new();
        for layer in &image.layers {
            let id = digest(format!("{parent}{}", layer.diff_id).as_bytes())["sha256:".len()..].to_owned();
            let path = format!("{id}/layer.tar");
            if !files.0.iter().any(|(known, _)| *known == path) {
                files.push(format!("{id}/VERSION"), b"1.0");
                files.push(format!("{id}/json"), format!(r#"{{"id":"{id}","parent":"{parent}"}}"#));
                match stored.iter().find(|(diff_id, _)| *diff_id == layer.diff_id) {
                    Some((_, first)) => files.0.push((path.clone(), Item::Symlink(format!("../{first}")))),
                    None => files.push(&path, layer.blob.clone()),
                }
                stored.push((layer.diff_id.clone(), path.clone()));
            }
            layers.push(path);
            parent = id;
        }
        let config = image.config_bytes();
        let name = format!("{}.json", &digest(&config)["sha256:".len()..]);
        files.push(&name, config);
        if let Some((repository, tag)) = image.name.as_deref().and_then(|name| name.rsplit_once(':')) {
            repositories[repository][tag] = json!(parent);
        }
        manifest.push(json!({"Config": name, "RepoTags": image.name.as_slice(), "Layers": layers}));
    }
    files.push("manifest.json", serde_json::to_vec(&manifest).unwrap());
    files.push("repositories", serde_json::to_vec(&repositories).unwrap());
    files
}

/// Returns an archive in the format of `docker save` since version 25: an OCI layout with a `manifest.json`
/// that names the same blobs.
pub fn hybrid_archive(images: &[&Image]) -> Files {
    let mut files = Layout::of(images).files();
    let manifest: Vec<_> = images
        .iter()
        .map(|image| {
            let layers: Vec<_> = image.layers.iter().map(|layer| blob_path(&layer.digest())).collect();
            let config = blob_path(&digest(&image.config_bytes()));
            json!({"Config": config, "RepoTags": image.name.as_slice(), "Layers": layers})
        })
        .collect();
    files.push("manifest.json", serde_json::to_vec(&manifest).unwrap());
    files
}
