//! Gives the detector a version that changes by itself: a hash of all that decides what is found in a blob.
//! What is remembered of a layer counts for that version alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The rooms whose code makes a verdict, or writes and reads it.
const ROOMS: [&str; 10] =
    ["detect", "engine", "finding", "hub", "image", "search", "source", "stream", "unpack", "verdict"];
/// Decoders and parsers count as well: which they are, and with which features.
const FILES: [&str; 2] = ["Cargo.lock", "Cargo.toml"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for room in ROOMS {
        list(&root.join("src").join(room), &mut files)?;
    }
    // A package that is used as a library may come without its lock file.
    files.extend(FILES.iter().map(|file| root.join(file)).filter(|file| file.exists()));
    files.sort();
    let mut hash = Hash::default();
    for file in &files {
        hash.add(file.strip_prefix(&root).unwrap_or(file).to_string_lossy().as_bytes());
        hash.add(&fs::read(file)?);
    }
    for room in ROOMS {
        println!("cargo::rerun-if-changed=src/{room}");
    }
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rustc-env=STOWAWAY_DETECTOR={:032x}", hash.0);
    Ok(())
}

/// Adds all files below a directory.
fn list(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// FNV-1a of 128 bits: nobody but us chooses what is hashed.
struct Hash(u128);

impl Default for Hash {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Hash {
    /// Adds bytes and their number, so that nothing moves from one to the next unseen.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}
