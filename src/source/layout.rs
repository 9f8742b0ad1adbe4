//! An OCI image layout in a directory (OCI image specification, "Image Layout").

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Held, Source};
use crate::stream::path::normalise;

/// `blobs/ALGORITHM/HEX` is three levels; nothing of a layout lies deeper.
const DEPTH: usize = 4;

/// A layout directory.
pub struct Layout {
    root: PathBuf,
    held: Vec<Held>,
    paths: Vec<PathBuf>,
}

/// A part of a layout that could not be listed.
pub struct Unlisted {
    /// Its path under the layout, normalised.
    pub name: Vec<u8>,
    /// Why.
    pub error: io::Error,
}

impl Layout {
    /// Lists the files of a layout, in the order of their names. What cannot be listed stands beside.
    pub fn open(root: &Path) -> (Self, Vec<Unlisted>) {
        let mut layout = Self { root: root.to_owned(), held: Vec::new(), paths: Vec::new() };
        let mut unlisted = Vec::new();
        layout.list(root, DEPTH, &mut unlisted);
        (layout, unlisted)
    }

    fn list(&mut self, directory: &Path, depth: usize, unlisted: &mut Vec<Unlisted>) {
        let root = self.root.clone();
        let name = |path: &Path| {
            let relative = path.strip_prefix(&root).unwrap_or(path);
            normalise(relative.as_os_str().as_bytes())
        };
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return unlisted.push(Unlisted { name: name(directory), error }),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // Blobs may be links, but not to what else this machine holds.
            let inside = path.canonicalize().and_then(|real| {
                let root = root.canonicalize()?;
                if real.starts_with(root) {
                    Ok(())
                } else {
                    Err(io::Error::other("it is a link that leads out of the layout"))
                }
            });
            match inside.and_then(|()| fs::metadata(&path)) {
                Ok(metadata) if metadata.is_dir() && depth > 0 => self.list(&path, depth - 1, unlisted),
                Ok(metadata) if metadata.is_dir() => {
                    let error = io::Error::other("directories of a layout do not go this deep");
                    unlisted.push(Unlisted { name: name(&path), error });
                }
                Ok(metadata) if metadata.is_file() => {
                    self.held.push(Held { name: name(&path), size: metadata.len() });
                    self.paths.push(path);
                }
                Ok(_) => {}
                Err(error) => unlisted.push(Unlisted { name: name(&path), error }),
            }
        }
    }
}

impl Source for Layout {
    fn held(&self) -> &[Held] {
        &self.held
    }

    fn links(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &[]
    }

    fn open(&self, n: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        let path = self.paths.get(n).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?))
    }
}
