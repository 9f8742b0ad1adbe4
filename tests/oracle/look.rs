//! The independent reader of images. It looks for a known text in each byte of an OCI layout, and shares no
//! code with `src`.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;

/// A place in an image where a token was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    /// The number of a layer, and a path in it without a leading slash.
    File(u64, String),
    /// A field of the config: `env`, `label`, `history` or `config`.
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
    } else if field.starts_with("history") {
        "history"
    } else {
        "config"
    }
}

/// Returns all places of a text in the only image of a layout.
pub(crate) fn spots(layout: &Path, text: &str) -> BTreeSet<Spot> {
    let needles = needles(text);
    let mut spots = BTreeSet::new();
    let index = fs::read(layout.join("index.json")).unwrap();
    if holds(&index, &needles) {
        spots.insert(Spot::Elsewhere("index.json".to_owned()));
    }
    let index: Value = serde_json::from_slice(&index).unwrap();
    let manifests = index["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 1, "one image");
    let manifest = fs::read(blob(layout, &manifests[0])).unwrap();
    if holds(&manifest, &needles) {
        spots.insert(Spot::Elsewhere("manifest".to_owned()));
    }
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let config = fs::read(blob(layout, &manifest["config"])).unwrap();
    let before = spots.len();
    fields(&serde_json::from_slice(&config).unwrap(), "", &needles, &mut spots);
    if holds(&config, &needles) && spots.len() == before {
        spots.insert(Spot::Elsewhere("config, outside of its strings".to_owned()));
    }
    for (layer, number) in manifest["layers"].as_array().unwrap().iter().zip(0..) {
        files(&blob(layout, layer), number, &needles, &mut spots);
    }
    spots
}

fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    layout.join("blobs").join(descriptor["digest"].as_str().unwrap().replace(':', "/"))
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

fn files(blob: &Path, number: u64, needles: &[Vec<u8>], spots: &mut BTreeSet<Spot>) {
    let bytes = fs::read(blob).unwrap();
    let tar = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut tar = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut tar).unwrap();
        tar
    } else {
        bytes
    };
    // Most layers contain no match, so their entries need no search.
    if !holds(&tar, needles) {
        return;
    }
    let before = spots.len();
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
    if spots.len() == before {
        spots.insert(Spot::Elsewhere(format!("layer {number}, outside of its entries")));
    }
}
