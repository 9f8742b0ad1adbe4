//! Makes the images that `make bench` measures.
//!
//! `make-bench-image DIRECTORY MEGABYTES [TREE]` writes one image in several forms: `gzip` and `zstd` (OCI
//! layouts), `plain.tar` (a docker archive), `fat` (the gzip layout with all files in one layer) and `ten` (ten
//! images in one layout, each with a small layer of its own above those of `gzip`). Six layers hold text,
//! sources, tables and incompressible files of many sizes, the same on every run. If TREE is given, they hold
//! its files instead. One file of the last layer holds a generated token. No layer is held in memory as a
//! whole.

#[path = "../tests/support/token.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
#[allow(clippy::string_slice)]
mod token;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use token::{Random, Token, hex};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const LAYERS: u64 = 6;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(megabytes)) = (args.next(), args.next()) else {
        return Err("usage: make-bench-image DIRECTORY MEGABYTES".into());
    };
    let dir = PathBuf::from(dir);
    let layer_size = megabytes.parse::<u64>()? * 1_000_000 / LAYERS;
    fs::create_dir_all(&dir)?;
    let tree = args.next().map(|tree| Tree(vec![tree.into()]));
    let layers = write_layers(&dir, LAYERS, layer_size, tree.clone())?;
    std::thread::scope(|scope| -> Result<()> {
        let gzip = scope.spawn(|| write_layout(&dir.join("gzip"), &layers, "gzip"));
        let whole = write_layers(&dir.join("whole"), 1, layer_size * LAYERS, tree)?;
        write_layout(&dir.join("zstd"), &layers, "zstd")?;
        write_layout(&dir.join("fat"), &whole, "gzip")?;
        fs::remove_dir_all(dir.join("whole"))?;
        gzip.join().map_err(|_| "the gzip layers could not be written")?
    })?;
    write_ten(&dir.join("ten"), &dir.join("gzip"), &layers)?;
    write_docker_archive(&dir.join("plain.tar"), &layers)?;
    let bytes = layers.iter().map(|path| Ok(fs::metadata(path)?.len())).sum::<Result<u64>>()?;
    fs::write(dir.join("bytes"), bytes.to_string())?;
    for path in layers {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Writes `count` plain layers of `size` bytes.
fn write_layers(dir: &Path, count: u64, size: u64, mut tree: Option<Tree>) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let mut layers = Vec::new();
    for number in 0..count {
        let path = dir.join(format!("layer{number}.tar"));
        let mut tar = tar::Builder::new(BufWriter::new(File::create(&path)?));
        match &mut tree {
            Some(tree) => copy_files(&mut tar, tree, size)?,
            None => make_files(&mut tar, number, size)?,
        }
        if number == count - 1 {
            let line = format!("token: {}\n", Token::user("bench").text());
            append(&mut tar, "srv/settings.yaml", line.as_bytes())?;
        }
        tar.into_inner()?.flush()?;
        layers.push(path);
    }
    Ok(layers)
}

/// Fills a layer with files of 1 KiB to 32 MiB.
fn make_files(tar: &mut tar::Builder<impl Write>, number: u64, size: u64) -> Result<()> {
    let mut random = Random::new(&format!("layer {number}"));
    let words = words();
    let (mut written, mut count) = (0, 0);
    while written < size {
        let len = 1 << (10 + random.below(16));
        let (name, body) = body(&mut random, &words, len);
        append(tar, &format!("srv/{number}/{count}/{name}"), &body)?;
        (written, count) = (written + body.len() as u64, count + 1);
    }
    Ok(())
}

/// Fills a layer with the next files of a tree.
fn copy_files(tar: &mut tar::Builder<impl Write>, tree: &mut Tree, size: u64) -> Result<()> {
    let mut written = 0;
    while written < size
        && let Some(path) = tree.next()
    {
        let mut file = File::open(&path)?;
        tar.append_file(path.strip_prefix("/").unwrap_or(&path), &mut file)?;
        written += file.metadata()?.len();
    }
    Ok(())
}

/// Iterates over the files of a tree, sorted by name. It holds the remaining paths; the next one is last.
#[derive(Clone)]
struct Tree(Vec<PathBuf>);

impl Iterator for Tree {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            let path = self.0.pop()?;
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_file() {
                return Some(path);
            }
            if metadata.is_dir() {
                let names = fs::read_dir(&path).into_iter().flatten().flatten();
                let mut paths: Vec<PathBuf> = names.map(|name| name.path()).collect();
                paths.sort_by(|one, other| other.cmp(one));
                self.0.append(&mut paths);
            }
        }
    }
}

fn append(tar: &mut tar::Builder<impl Write>, name: &str, body: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(body.len() as u64);
    header.set_mode(0o644);
    Ok(tar.append_data(&mut header, name, body)?)
}

/// Returns a file of one of four sorts, with about `len` bytes and no repetition.
fn body(random: &mut Random, words: &[String], len: usize) -> (&'static str, Vec<u8>) {
    let sort = random.below(4);
    let mut body = Vec::with_capacity(len + 4096);
    while body.len() < len {
        match sort {
            0 => line(random, words, &mut body, "", 12),
            // This resembles sources about the Hub: on one line of forty, a name begins like a token.
            1 => {
                let start = if random.below(40) == 0 { "    self.hf_" } else { "    self." };
                line(random, words, &mut body, start, 4);
            }
            2 => {
                let (row, value) = (random.below(100_000), random.below(9999));
                body.extend(format!("{row},0.{value},").as_bytes());
                line(random, words, &mut body, "", 1);
            }
            _ => body.extend(random.bytes(4096)),
        }
    }
    let name = ["notes.txt", "module.py", "table.csv", "weights.bin"];
    (name.get(sort).copied().unwrap_or("other"), body)
}

/// Writes a line of generated words. Some words are more common than others.
fn line(random: &mut Random, words: &[String], out: &mut Vec<u8>, start: &str, longest: usize) {
    out.extend_from_slice(start.as_bytes());
    for _ in 0..=random.below(longest) {
        let rank = random.below(words.len()).min(random.below(words.len()));
        out.extend(words.get(rank).into_iter().flat_map(String::as_bytes));
        out.push(b' ');
    }
    out.push(b'\n');
}

fn words() -> Vec<String> {
    const PARTS: [&str; 16] = [
        "ba", "ten", "sor", "mo", "del", "lo", "ad", "in", "put", "con", "fig", "ra", "te", "to", "ken",
        "ize",
    ];
    let parts = |rank: usize| [rank, rank >> 4, rank >> 8].map(|part| PARTS.get(part & 15).copied());
    (0..4096).map(|rank| parts(rank).into_iter().flatten().collect()).collect()
}

/// Writes an OCI layout whose layers are compressed in one way.
fn write_layout(dir: &Path, layers: &[PathBuf], compression: &str) -> Result<()> {
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let descriptors: Result<Vec<Value>> =
        layers.iter().map(|layer| compress(&blobs, layer, compression)).collect();
    let descriptors = descriptors?;
    write_index(dir, &[manifest(&blobs, layers, &descriptors)?])?;
    let list = descriptors.iter().filter_map(|d| d["digest"].as_str()?.strip_prefix("sha256:"));
    let mut listing = File::create(dir.with_extension("layers"))?;
    for digest in list {
        writeln!(listing, "{}", blobs.join(digest).display())?;
    }
    Ok(())
}

/// Writes ten images above the layers of another layout.
fn write_ten(dir: &Path, base: &Path, layers: &[PathBuf]) -> Result<()> {
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let mut shared = Vec::new();
    for line in fs::read_to_string(base.with_extension("layers"))?.lines() {
        let blob = Path::new(line);
        let digest = blob.file_name().unwrap_or_default().to_string_lossy();
        fs::hard_link(blob, blobs.join(&*digest))?;
        shared.push(descriptor("layer.v1.tar+gzip", &digest, fs::metadata(blob)?.len()));
    }
    let mut manifests = Vec::new();
    for number in 0..10 {
        let own = dir.join("own.tar");
        let mut tar = tar::Builder::new(File::create(&own)?);
        append(&mut tar, "srv/number", number.to_string().as_bytes())?;
        tar.into_inner()?;
        let descriptors = [&shared[..], &[compress(&blobs, &own, "gzip")?]].concat();
        manifests.push(manifest(&blobs, &[layers, std::slice::from_ref(&own)].concat(), &descriptors)?);
        fs::remove_file(own)?;
    }
    write_index(dir, &manifests)
}

fn write_index(dir: &Path, manifests: &[Value]) -> Result<()> {
    fs::write(dir.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    Ok(fs::write(dir.join("index.json"), json!({"schemaVersion": 2, "manifests": manifests}).to_string())?)
}

/// Stores a manifest with its config.
fn manifest(blobs: &Path, layers: &[PathBuf], descriptors: &[Value]) -> Result<Value> {
    let config = store(blobs, "config.v1+json", &config(layers)?)?;
    store(blobs, "manifest.v1+json", &json!({"schemaVersion": 2, "config": config, "layers": descriptors}))
}

/// Stores a layer and returns its descriptor.
fn compress(blobs: &Path, layer: &Path, compression: &str) -> Result<Value> {
    let packed = blobs.join("part");
    let mut input = BufReader::new(File::open(layer)?);
    let output = BufWriter::new(File::create(&packed)?);
    if compression == "gzip" {
        let mut encoder = flate2::write::GzEncoder::new(output, flate2::Compression::new(6));
        io::copy(&mut input, &mut encoder)?;
        encoder.finish()?.flush()?;
    } else {
        let mut encoder = zstd::Encoder::new(output, 3)?;
        io::copy(&mut input, &mut encoder)?;
        encoder.finish()?.flush()?;
    }
    let (digest, size) = digest_of(&packed)?;
    fs::rename(packed, blobs.join(&digest))?;
    Ok(descriptor(&format!("layer.v1.tar+{compression}"), &digest, size))
}

/// Writes a docker archive with plain layers, like `skopeo`.
fn write_docker_archive(path: &Path, layers: &[PathBuf]) -> Result<()> {
    let mut tar = tar::Builder::new(BufWriter::new(File::create(path)?));
    let mut names = Vec::new();
    for layer in layers {
        let name = format!("{}.tar", digest_of(layer)?.0);
        tar.append_file(&name, &mut File::open(layer)?)?;
        names.push(name);
    }
    let config = config(layers)?.to_string();
    append(&mut tar, "config.json", config.as_bytes())?;
    let manifest = json!([{"Config": "config.json", "RepoTags": ["bench:latest"], "Layers": names}]);
    append(&mut tar, "manifest.json", manifest.to_string().as_bytes())?;
    tar.into_inner()?.flush()?;
    Ok(())
}

fn config(layers: &[PathBuf]) -> Result<Value> {
    let diff_ids: Result<Vec<_>> =
        layers.iter().map(|layer| Ok(format!("sha256:{}", digest_of(layer)?.0))).collect();
    Ok(json!({"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": diff_ids?}}))
}

fn descriptor(kind: &str, digest: &str, size: u64) -> Value {
    let media_type = format!("application/vnd.oci.image.{kind}");
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size})
}

fn store(blobs: &Path, kind: &str, document: &Value) -> Result<Value> {
    let text = document.to_string();
    let digest = hex(&Sha256::digest(text.as_bytes()));
    fs::write(blobs.join(&digest), &text)?;
    Ok(descriptor(kind, &digest, text.len() as u64))
}

fn digest_of(path: &Path) -> Result<(String, u64)> {
    let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
    let (mut buffer, mut size) = (vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((hex(&hasher.finalize()), size));
        };
        hasher.update(part);
        size += read as u64;
    }
}
