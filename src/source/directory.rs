//! An image in a directory as skopeo and podman write it (`dir:` of containers/image, `directory_transport.go`):
//! `version`, `manifest.json`, and each blob under its hexadecimal digest.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::layout::Unlisted;
use super::{Blob, Root, Source};
use crate::digest::Digest;

/// The manifest that the directory is of.
const MANIFEST: &str = "manifest.json";
/// The file that tells such a directory from others, and how it begins.
const VERSION: &str = "version";
const VERSION_TEXT: &[u8] = b"Directory Transport Version:";
/// The ending of the other manifests of an index.
const OTHER_MANIFEST: &[u8] = b".manifest.json";

/// A directory in that form.
pub(crate) struct Directory {
    blobs: Vec<Blob>,
    paths: Vec<PathBuf>,
    root: Option<Blob>,
}

impl Directory {
    /// Returns true if a directory has the form, by its `version` file.
    pub(crate) fn is_at(path: &Path) -> bool {
        let mut head = Vec::new();
        let read = File::open(path.join(VERSION))
            .and_then(|file| file.take(VERSION_TEXT.len() as u64).read_to_end(&mut head));
        read.is_ok() && head == VERSION_TEXT && path.join(MANIFEST).is_file()
    }

    /// Lists the files in order of name. Also returns those that cannot be listed.
    ///
    /// # Errors Returns an error if there is no manifest that can be read.
    pub(crate) fn open(root: &Path) -> io::Result<(Self, Vec<Unlisted>)> {
        let mut entries = fs::read_dir(root)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut found = Self { blobs: Vec::new(), paths: Vec::new(), root: None };
        let mut unlisted = Vec::new();
        for entry in entries {
            let (name, path) = (entry.file_name().as_bytes().to_vec(), entry.path());
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => {
                    let digest = match &*name {
                        _ if name == MANIFEST.as_bytes() => Some(digest_of(&path)?),
                        name => digest_in(name),
                    };
                    let id = found.blobs.len();
                    let blob = Blob { id, name, size: metadata.len(), digest, is_trusted: false };
                    if blob.name == MANIFEST.as_bytes() {
                        found.root = Some(blob.clone());
                    }
                    found.blobs.push(blob);
                    found.paths.push(path);
                }
                Ok(_) => {
                    let error = io::Error::other("it is not a file, as everything in such a directory is");
                    unlisted.push(Unlisted { name, error });
                }
                Err(error) => unlisted.push(Unlisted { name, error }),
            }
        }
        Ok((found, unlisted))
    }
}

/// Returns the digest that a name claims.
fn digest_in(name: &[u8]) -> Option<Digest> {
    let hex = name.strip_suffix(OTHER_MANIFEST).unwrap_or(name);
    Digest::from_hex(std::str::from_utf8(hex).ok()?).ok()
}

/// Computes the digest of a file.
fn digest_of(path: &Path) -> io::Result<Digest> {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest::from_bytes(hash.finalize().into())),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

impl Source for Directory {
    fn root(&self) -> Root {
        match &self.root {
            Some(blob) => Root::Manifest { blob: blob.clone(), name: None },
            None => Root::Files,
        }
    }

    fn listed(&self) -> &[Blob] {
        &self.blobs
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        let path = self.paths.get(blob.id).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?))
    }
}
