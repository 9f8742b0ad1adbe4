//! Makes the images that `make noise` scans. They contain no token, but much text that looks like one.
//!
//! `make-noise tree DIRECTORY` and `make-noise SORT MEGABYTES` write a docker archive with one layer to
//! standard output, and the number of its files and bytes to standard error. The layer holds either the files
//! of a directory, or one generated file that is the same on every run. The image is never stored on disk.

#[path = "../tests/support/token.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
#[allow(clippy::string_slice)]
mod token;

use std::error::Error;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use token::{Random, hex};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let usage = "usage: make-noise tree DIRECTORY, or make-noise SORT MEGABYTES";
    let mut args = std::env::args().skip(1);
    let (Some(sort), Some(what)) = (args.next(), args.next()) else { return Err(usage.into()) };
    let mut entries = Vec::new();
    if sort == "tree" {
        list(Path::new(&what), Path::new(""), &mut entries)?;
    } else {
        let sort = Sort::named(&sort).ok_or(usage)?;
        let size = what.parse::<u64>()? * 1_000_000;
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(size);
        let path = Path::new("srv").join(sort.file_name());
        entries.push(Entry { path, size, header, source: Source::Made(sort) });
    }
    let files = entries.iter().filter(|entry| entry.header.entry_type().is_file());
    let (count, bytes) = files.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size));
    eprintln!("{count} {bytes}");
    write_archive(&entries, BufWriter::with_capacity(1 << 20, io::stdout().lock()))
}

/// One entry of the layer.
struct Entry {
    path: PathBuf,
    size: u64,
    header: Header,
    source: Source,
}

enum Source {
    Nothing,
    Link(PathBuf),
    File(PathBuf),
    Made(Sort),
}

/// Lists the entries below a directory, sorted by name. Devices, sockets and pipes have no content and are left
/// out.
fn list(dir: &Path, inside: &Path, entries: &mut Vec<Entry>) -> Result<()> {
    let mut found = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    found.sort_by_key(fs::DirEntry::file_name);
    for item in found {
        let (path, inside) = (item.path(), inside.join(item.file_name()));
        let metadata = fs::symlink_metadata(&path)?;
        let entry =
            |source, size| Entry { path: inside.clone(), size, header: header(&metadata, size), source };
        if metadata.is_dir() {
            entries.push(entry(Source::Nothing, 0));
            list(&path, &inside, entries)?;
        } else if metadata.is_symlink() {
            entries.push(entry(Source::Link(fs::read_link(&path)?), 0));
        } else if metadata.is_file() {
            entries.push(entry(Source::File(path), metadata.len()));
        }
    }
    Ok(())
}

fn header(metadata: &Metadata, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_metadata_in_mode(metadata, tar::HeaderMode::Deterministic);
    header.set_size(size);
    header
}

/// Writes a docker archive. The layer is first, since its digest is only known at its end.
fn write_archive(entries: &[Entry], mut output: impl Write) -> Result<()> {
    let mut measured = Layer::new(io::sink());
    write_layer(entries, &mut measured, false)?;
    let mut header = Header::new_gnu();
    header.set_path("layer.tar")?;
    header.set_mode(0o644);
    header.set_size(measured.size);
    header.set_cksum();
    output.write_all(header.as_bytes())?;
    let mut layer = Layer { hasher: Some(Sha256::new()), ..Layer::new(&mut output) };
    write_layer(entries, &mut layer, true)?;
    if layer.size != measured.size {
        return Err("a file changed while it was read".into());
    }
    let diff_id = format!("sha256:{}", hex(&layer.hasher.unwrap_or_default().finalize()));
    let config = json!({"architecture": "amd64", "os": "linux", "config": {},
                        "history": [{"created_by": "COPY noise / # buildkit"}],
                        "rootfs": {"type": "layers", "diff_ids": [diff_id]}});
    let manifest = json!([{"Config": "config.json", "RepoTags": ["noise:latest"], "Layers": ["layer.tar"]}]);
    let mut tar = Builder::new(output);
    for (name, document) in [("config.json", config), ("manifest.json", manifest)] {
        let text = document.to_string();
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text.as_bytes())?;
    }
    Ok(tar.into_inner()?.flush()?)
}

/// Writes the layer or, if `whole` is false, one of the same size.
fn write_layer(entries: &[Entry], output: impl Write, whole: bool) -> Result<()> {
    let mut tar = Builder::new(output);
    for entry in entries {
        let mut header = entry.header.clone();
        let body: Box<dyn Read> = match &entry.source {
            Source::Link(target) => {
                header.set_entry_type(EntryType::Symlink);
                tar.append_link(&mut header, &entry.path, target)?;
                continue;
            }
            Source::File(path) if whole => Box::new(File::open(path)?),
            Source::Made(sort) if whole => Box::new(Noise::new(*sort).take(entry.size)),
            _ => Box::new(io::repeat(0).take(entry.size)),
        };
        tar.append_data(&mut header, &entry.path, body)?;
    }
    Ok(tar.into_inner()?.flush()?)
}

/// A writer that counts its bytes, and hashes them if it has a hasher.
struct Layer<W> {
    inner: W,
    size: u64,
    hasher: Option<Sha256>,
}

impl<W> Layer<W> {
    fn new(inner: W) -> Self {
        Self { inner, size: 0, hasher: None }
    }
}

impl<W: Write> Write for Layer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_all(bytes)?;
        self.size += bytes.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The content of a generated file.
#[derive(Clone, Copy)]
enum Sort {
    /// Random bytes.
    Random,
    /// Base64 of random bytes in lines of 76 characters, as in MIME.
    Base64,
    /// Base64 of random bytes in one line, in the alphabet for URLs, which includes the underscore.
    Base64Url,
    /// Base64 in the alphabet for URLs, in lines of 64 characters. It has more places where a word may begin or
    /// end.
    Base64UrlLines,
    /// Hexadecimal text of random bytes in lines of 64 characters.
    Hex,
    /// Hexadecimal text of random bytes in one line, in capitals.
    HexLine,
    /// Sequencing reads with qualities in the present notation.
    Fastq,
    /// Sequencing reads with qualities in the older notation: letters of both cases, and the underscore.
    FastqLetters,
}

impl Sort {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "random" => Self::Random,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            "base64url-lines" => Self::Base64UrlLines,
            "hex" => Self::Hex,
            "hex-line" => Self::HexLine,
            "fastq" => Self::Fastq,
            "fastq-letters" => Self::FastqLetters,
            _ => return None,
        })
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Random => "random.bin",
            Self::Base64 | Self::Base64Url | Self::Base64UrlLines => "base64.txt",
            Self::Hex | Self::HexLine => "hex.txt",
            Self::Fastq | Self::FastqLetters => "reads.fastq",
        }
    }
}

/// An endless file of one sort.
struct Noise {
    sort: Sort,
    random: Random,
    made: Vec<u8>,
    read: usize,
}

impl Noise {
    fn new(sort: Sort) -> Self {
        Self { sort, random: Random::new("noise"), made: Vec::new(), read: 0 }
    }

    /// Returns the next part of the file: whole lines, and about 64 KiB.
    fn part(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        match self.sort {
            Sort::Random => random.bytes(1 << 16),
            Sort::Base64 => lines(STANDARD.encode(random.bytes(57 * 1024)).as_bytes(), 76),
            Sort::Base64Url => URL_SAFE_NO_PAD.encode(random.bytes(48 * 1024)).into_bytes(),
            Sort::Base64UrlLines => lines(URL_SAFE_NO_PAD.encode(random.bytes(48 * 1024)).as_bytes(), 64),
            Sort::Hex => lines(hex_of(&random.bytes(1 << 15), b"0123456789abcdef").as_slice(), 64),
            Sort::HexLine => hex_of(&random.bytes(1 << 15), b"0123456789ABCDEF"),
            Sort::Fastq => reads(random, b'#', b'J'),
            Sort::FastqLetters => reads(random, b'B', b'h'),
        }
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.made.len() {
            (self.made, self.read) = (self.part(), 0);
        }
        let mut rest = self.made.get(self.read..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

fn lines(text: &[u8], width: usize) -> Vec<u8> {
    text.chunks(width).flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

fn hex_of(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let digit = |value: u8| digits.get(usize::from(value)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Returns reads of 150 bases. Qualities change in small steps, like those of a sequencing machine.
fn reads(random: &mut Random, worst: u8, best: u8) -> Vec<u8> {
    const LENGTH: usize = 150;
    let mut text = Vec::with_capacity(1 << 16);
    while text.len() < 1 << 16 {
        let (tile, x, y) = (random.below(2000), random.below(30_000), random.below(30_000));
        text.extend_from_slice(
            format!("@HWI-ST1276:71:C1162ACXX:1:{tile}:{x}:{y} 1:N:0:CGATGT\n").as_bytes(),
        );
        text.extend(random.bytes(LENGTH).iter().map(|byte| match byte & 3 {
            0 => b'A',
            1 => b'C',
            2 => b'G',
            _ => b'T',
        }));
        text.extend_from_slice(b"\n+\n");
        let mut quality = best;
        text.extend(random.bytes(LENGTH).iter().map(|byte| {
            quality = match byte & 31 {
                0..=13 => quality,
                14..=20 => quality.saturating_add(1 + (byte >> 6)).min(best),
                21..=28 => quality.saturating_sub(1 + (byte >> 6)).max(worst),
                29 | 30 => best,
                _ => best.saturating_sub(byte >> 3).max(worst),
            };
            quality
        }));
        text.push(b'\n');
    }
    text
}
