//! Runs with a cache, and an image that covers everything a cache stores.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::{Files, gzip};
use super::run::uncached;
use super::{
    Compression, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, stowaway_cached, token,
};

/// A test directory with its own cache.
pub struct CachePlace {
    pub place: Place,
    pub caches: PathBuf,
}

impl CachePlace {
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let place = Place::new(name);
        let caches = place.join("caches");
        Self { place, caches }
    }

    /// Returns the path of the cache file.
    pub fn file(&self) -> PathBuf {
        self.caches.join("stowaway/layers.redb")
    }

    pub fn write(&self, name: &str, files: &Files) -> PathBuf {
        self.place.write(name, files.archive())
    }

    pub fn archive(&self, name: &str, images: &[&Image]) -> PathBuf {
        self.write(name, &Layout::of(images).files())
    }

    /// Scans with the cache and returns the JSON report.
    #[track_caller]
    pub fn scan(&self, args: &[&str]) -> Outcome {
        let args = [&["scan", "--format", "json"], args].concat();
        stowaway_cached(&self.caches, &args, Stdin::Empty)
    }

    /// Scans with the cache, and asserts that the report equals that of a scan without one. Returns the report,
    /// and for each image, which of its layers came from the cache.
    #[track_caller]
    pub fn scan_same(&self, args: &[&str]) -> (Outcome, Vec<Vec<bool>>) {
        let plain = scan(args);
        let outcome = self.scan(args);
        // Targets that share layers know them from each other without a cache as well.
        assert_eq!(uncached(&outcome.stdout), uncached(&plain.stdout), "a cache changes no report");
        assert_eq!((outcome.code, &outcome.stderr), (plain.code, &plain.stderr));
        let cached = cached(&outcome);
        (outcome, cached)
    }

    /// Does what [`Self::scan_same`] does for a report with one image, and returns which layers came from the
    /// cache.
    #[track_caller]
    pub fn cached(&self, args: &[&str]) -> Vec<bool> {
        let (_, mut cached) = self.scan_same(args);
        assert_eq!(cached.len(), 1);
        cached.remove(0)
    }

    #[track_caller]
    pub fn stowaway(&self, args: &[&str]) -> Outcome {
        stowaway_cached(&self.caches, args, Stdin::Empty)
    }

    /// Returns all bytes in the cache directory.
    pub fn bytes(&self) -> Vec<u8> {
        fn add(directory: &Path, all: &mut Vec<u8>) {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                all.extend_from_slice(entry.file_name().as_encoded_bytes());
                if entry.file_type().unwrap().is_dir() {
                    add(&entry.path(), all);
                } else {
                    all.extend(fs::read(entry.path()).unwrap());
                }
            }
        }
        let mut all = Vec::new();
        add(&self.caches, &mut all);
        all
    }
}

pub fn cached(outcome: &Outcome) -> Vec<Vec<bool>> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let targets = list(&outcome.report()["targets"]);
    let images = targets.iter().flat_map(|target| list(&target["images"]));
    images
        .map(|i| list(&i["layers"]).iter().map(|layer| layer["cached"].as_bool().unwrap()).collect())
        .collect()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub fn made(seed: &str) -> Token {
    Token::user(&format!("cache {seed}"))
}

/// Returns a layer stored with gzip.
pub fn layer(tar: Tar) -> Layer {
    Layer::new(&tar.finish())
}

pub fn image(layers: Vec<Layer>) -> Image {
    Image::new("app:latest", layers)
}

/// Returns an image whose layers cover everything that a verdict stores.
pub fn rich(compression: Compression) -> Image {
    use base64::Engine as _;
    let encoded =
        base64::engine::general_purpose::STANDARD.encode(format!("token={}\n", made("base64").text()));
    let nested = gzip(format!("key {}\n", made("nested").text()).as_bytes());
    let broken = &gzip(&vec![b'x'; 100_000])[..60];
    // Of known shape: a layer with a finding of unknown shape is not kept.
    let secret = made("cache").text().to_owned();
    let first = Tar::new()
        .dir("root")
        .file("root/.cache/huggingface/token", made("login").bytes())
        .file("data/token", &secret)
        .file("data/stored_tokens", format!("[one]\nhf_token = {secret}\n"))
        .file("root/.netrc", format!("machine huggingface.co login x password {secret}\n"))
        .file("srv/key", format!("a line\n  key: {}\n", made("file").text()))
        .file("srv/key", format!("again\n{}\n", made("again").text()))
        .file("srv/nested.gz", nested)
        .file("srv/broken.gz", broken)
        .file("srv/encoded", encoded)
        .file(b"srv/not utf-8 \xff", made("name").bytes())
        .hard_link("srv/other", "srv/key")
        .hard_link("srv/third", "srv/other")
        .symlink("home", "/root")
        .file("/absolute", "x")
        .file("../climbs", "x")
        .pax(&[("SCHILY.xattr.user.key", made("xattr").bytes())])
        .file("srv/xattr", "x")
        .file("binary", [&b"\0\0\x01"[..], made("binary").bytes(), b"\0"].concat());
    let second = Tar::new().whiteout("srv/key").file("srv/encoded", "no more").opaque("data").dir("data");
    let third = Tar::new().hard_link("late", "srv/nested.gz").file("srv/last", made("last").bytes());
    let layers = [first, second, third].map(|tar| Layer::stored(&tar.finish(), compression));
    let mut image = image(layers.to_vec()).env(&["HF_HOME=/data", "HF_TOKEN_PATH=/srv/key"]);
    if compression == Compression::Gzip {
        // A token in the comment of a gzip header is in no file.
        let mut blob = image.layers[2].blob.clone();
        blob[3] |= 16;
        blob.splice(10..10, [made("comment").bytes(), b"\0"].concat());
        image.layers[2].blob = blob;
    }
    image
}
