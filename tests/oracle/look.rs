//! The independent reader of images. It looks for a known text in each byte of an OCI layout or a saved image, and
//! shares no code with `src`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{BufReader, Read as _};

use base64::Engine as _;
use serde_json::Value;

use crate::builder::Image;

/// The name of the place of attestations.
pub(crate) const ATTESTATION: &str = "attestation";

/// A place in an image where a token was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    /// The number of a layer, and a path in it without a leading slash.
    File(u64, String),
    /// A field of the config (`env`, `label`, `history` or `config`), or `attestation`.
    Field(&'static str),
    /// Any other place, described for people.
    Elsewhere(String),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(layer, path) => write!(f, "layer {layer}: {path}"),
            Self::Field(name) => f.write_str(name),
            Self::Elsewhere(what) => f.write_str(what),
        }
    }
}

/// Returns the name of the place that a field of the config belongs to.
pub(crate) fn field_name(field: &str) -> &'static str {
    let field = field.trim_start_matches('.');
    if field.starts_with("config.Env") {
        "env"
    } else if field.starts_with("config.Labels") {
        "label"
    } else if field.starts_with("history") || field.starts_with("container_config") {
        // The second is how Docker's classic builder says what it ran last.
        "history"
    } else {
        "config"
    }
}

/// Returns a path as it is shown: with a placeholder for the token, and without a slash at the end.
pub(crate) fn shown_path(path: &str, token: &str) -> String {
    path.trim_end_matches('/').replace(token, "<token>")
}

/// Returns all places of a text in the only image of a layout or an archive.
pub(crate) fn spots(image: &Image, text: &str) -> BTreeSet<Spot> {
    let mut look = Look { text, files: Files::read(image), needles: needles(text), spots: BTreeSet::new() };
    if look.files.has("index.json") {
        look.index("index.json");
    } else {
        look.saved();
    }
    look.others();
    look.spots
}

/// The files of an image by name. Each is taken out when it has been looked into.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn read(image: &Image) -> Self {
        match image {
            Image::Layout(dir) => {
                let mut files = BTreeMap::new();
                let blobs =
                    fs::read_dir(dir.join("blobs/sha256")).unwrap().map(|blob| blob.unwrap().file_name());
                let blobs = blobs.map(|name| format!("blobs/sha256/{}", name.to_str().unwrap()));
                for name in blobs.chain(["index.json".to_owned()]) {
                    files.insert(name.clone(), fs::read(dir.join(&name)).unwrap());
                }
                Self(files)
            }
            Image::Archive(path) => {
                let mut files = BTreeMap::new();
                let mut archive = tar::Archive::new(BufReader::new(fs::File::open(path).unwrap()));
                for entry in archive.entries().unwrap() {
                    let mut entry = entry.unwrap();
                    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).unwrap();
                    if entry.header().entry_type().is_file() {
                        files.insert(name, bytes);
                    }
                }
                Self(files)
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        self.0.remove(name)
    }

    fn take_blob(&mut self, descriptor: &Value) -> Option<Vec<u8>> {
        self.take(&format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/")))
    }
}

struct Look<'a> {
    text: &'a str,
    files: Files,
    needles: Vec<Vec<u8>>,
    spots: BTreeSet<Spot>,
}

impl Look<'_> {
    /// Looks into the index of a layout, the one in it if there is one, and its manifests.
    fn index(&mut self, name: &str) {
        let index = self.files.take(name).unwrap();
        self.notice(&index, || Spot::Elsewhere("index.json".to_owned()));
        let index: Value = serde_json::from_slice(&index).unwrap();
        let manifests = index["manifests"].as_array().unwrap();
        let (attestations, images): (Vec<&Value>, Vec<&Value>) = manifests
            .iter()
            .partition(|manifest| !manifest["annotations"]["vnd.docker.reference.type"].is_null());
        assert_eq!(images.len(), 1, "one image");
        if images[0]["mediaType"].as_str().is_some_and(|kind| kind.contains("index") || kind.contains("list"))
        {
            let name = images[0]["digest"].as_str().unwrap().replace(':', "/");
            self.index(&format!("blobs/{name}"));
            return;
        }
        let manifest = self.files.take_blob(images[0]).unwrap();
        self.notice(&manifest, || Spot::Elsewhere("manifest".to_owned()));
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let config = self.files.take_blob(&manifest["config"]).unwrap();
        self.config(&config);
        for (layer, number) in manifest["layers"].as_array().unwrap().iter().zip(0..) {
            // A layer without files may be in an image more than once.
            if let Some(layer) = self.files.take_blob(layer) {
                self.layer(layer, number);
            }
        }
        for attestation in attestations {
            let manifest = self.files.take_blob(attestation).unwrap();
            let described: Value = serde_json::from_slice(&manifest).unwrap();
            let layers = described["layers"].as_array().unwrap();
            for blob in layers.iter().chain([&described["config"]]) {
                let blob = self.files.take_blob(blob).unwrap_or_default();
                self.notice(&blob, || Spot::Field(ATTESTATION));
            }
            self.notice(&manifest, || Spot::Field(ATTESTATION));
        }
    }

    /// Looks into the first form of `docker save`: a config, and a directory for each layer, which holds a config
    /// in the older form too.
    fn saved(&mut self) {
        let manifest = self.files.take("manifest.json").unwrap();
        self.notice(&manifest, || Spot::Elsewhere("manifest.json".to_owned()));
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest.as_array().unwrap().len(), 1, "one image");
        let config = self.files.take(manifest[0]["Config"].as_str().unwrap()).unwrap();
        self.config(&config);
        for (layer, number) in manifest[0]["Layers"].as_array().unwrap().iter().zip(0..) {
            if let Some(layer) = self.files.take(layer.as_str().unwrap()) {
                self.layer(layer, number);
            }
        }
        let older: Vec<String> =
            self.files.0.keys().filter(|name| name.ends_with("/json")).cloned().collect();
        for name in older {
            let config = self.files.take(&name).unwrap();
            self.config(&config);
        }
    }

    /// Looks into the files that nothing refers to.
    fn others(&mut self) {
        for (name, bytes) in std::mem::take(&mut self.files.0) {
            self.notice(&bytes, || Spot::Elsewhere(name));
        }
    }

    fn config(&mut self, config: &[u8]) {
        let mut seen = BTreeSet::new();
        fields(&serde_json::from_slice(config).unwrap(), "", &self.needles, &mut seen);
        if seen.is_empty() {
            self.notice(config, || Spot::Elsewhere("config, outside of its strings".to_owned()));
        }
        self.spots.extend(seen);
    }

    fn layer(&mut self, layer: Vec<u8>, number: u64) {
        let mut seen = BTreeSet::new();
        let is_held = files(layer, number, &self.needles, &mut seen);
        if is_held && seen.is_empty() {
            self.spots.insert(Spot::Elsewhere(format!("layer {number}, outside of its entries")));
        }
        let named = seen.into_iter().map(|spot| match spot {
            Spot::File(layer, path) => Spot::File(layer, shown_path(&path, self.text)),
            spot => spot,
        });
        self.spots.extend(named);
    }

    fn notice(&mut self, bytes: &[u8], spot: impl FnOnce() -> Spot) {
        if holds(bytes, &self.needles) {
            self.spots.insert(spot());
        }
    }
}

/// Returns the text itself, and the middle part of its base64 form at each of three offsets.
fn needles(text: &str) -> Vec<Vec<u8>> {
    let mut needles = vec![text.as_bytes().to_owned()];
    for offset in 0..3 {
        let padded = [vec![b' '; offset], text.as_bytes().to_owned()].concat();
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
        // The first four letters and the last two depend on the surrounding bytes.
        needles.push(encoded.as_bytes()[4..encoded.len() - 2].to_owned());
    }
    needles
}

fn holds(bytes: &[u8], needles: &[Vec<u8>]) -> bool {
    needles.iter().any(|needle| memchr::memmem::find(bytes, needle).is_some())
}

fn fields(value: &Value, at: &str, needles: &[Vec<u8>], spots: &mut BTreeSet<Spot>) {
    match value {
        Value::String(text) if holds(text.as_bytes(), needles) => {
            spots.insert(Spot::Field(field_name(at)));
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, at, needles, spots)),
        Value::Object(pairs) => {
            for (key, item) in pairs {
                let at = format!("{at}.{key}");
                if holds(key.as_bytes(), needles) {
                    spots.insert(Spot::Field(field_name(&at)));
                }
                fields(item, &at, needles, spots);
            }
        }
        _ => {}
    }
}

/// Adds the files of a layer that hold a needle. Returns whether any of its bytes do.
fn files(bytes: Vec<u8>, number: u64, needles: &[Vec<u8>], spots: &mut BTreeSet<Spot>) -> bool {
    let tar = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut tar = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut tar).unwrap();
        tar
    } else {
        bytes
    };
    // Most layers contain no match, so their entries need no search.
    if !holds(&tar, needles) {
        return false;
    }
    for entry in tar::Archive::new(&tar[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        let name =
            [entry.path_bytes().into_owned(), entry.link_name_bytes().unwrap_or_default().into_owned()];
        let mut body = Vec::new();
        entry.read_to_end(&mut body).unwrap();
        if holds(&body, needles) || name.iter().any(|name| holds(name, needles)) {
            spots.insert(Spot::File(number, path));
        }
    }
    true
}
