//! An OCI image layout in a directory (OCI image specification, "Image Layout").

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Blob, Source};
use crate::stream::path::normalise;

/// The maximum depth. `blobs/ALGORITHM/HEX` has three levels, and nothing in a layout is deeper.
const DEPTH: usize = 4;

/// A layout directory.
pub(crate) struct Layout {
    root: PathBuf,
    blobs: Vec<Blob>,
    paths: Vec<PathBuf>,
    links: Vec<(Vec<u8>, Vec<u8>)>,
    /// Files by their real path, to recognise other names of the same file.
    by_path: HashMap<PathBuf, usize>,
}

/// A part of a layout that could not be listed.
pub(crate) struct Unlisted {
    /// The normalised path within the layout.
    pub name: Vec<u8>,
    /// The reason.
    pub error: io::Error,
}

impl Layout {
    /// Lists the files of a layout in order of name. Also returns the parts that cannot be listed.
    pub(crate) fn open(root: &Path) -> (Self, Vec<Unlisted>) {
        let mut layout = Self {
            root: root.to_owned(),
            blobs: Vec::new(),
            paths: Vec::new(),
            links: Vec::new(),
            by_path: HashMap::new(),
        };
        let mut unlisted = Vec::new();
        match root.canonicalize() {
            Ok(real_root) => layout.list(root, &real_root, DEPTH, &mut unlisted),
            Err(error) => unlisted.push(Unlisted { name: Vec::new(), error }),
        }
        (layout, unlisted)
    }

    fn list(&mut self, directory: &Path, real_root: &Path, depth: usize, unlisted: &mut Vec<Unlisted>) {
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
            // Blobs may be links, but only to files within the layout.
            let inside = path.canonicalize().and_then(|real| {
                if real.starts_with(real_root) {
                    Ok((fs::metadata(&real)?, entry.file_type()?.is_symlink(), real))
                } else {
                    Err(io::Error::other("it is a link that leads out of the layout"))
                }
            });
            match inside {
                // The contents of a linked directory in the layout are listed at their real place.
                Ok((metadata, true, _)) if metadata.is_dir() => {}
                Ok((metadata, false, _)) if metadata.is_dir() && depth > 0 => {
                    self.list(&path, real_root, depth - 1, unlisted);
                }
                Ok((metadata, false, _)) if metadata.is_dir() => {
                    let error = io::Error::other("directories of a layout do not go this deep");
                    unlisted.push(Unlisted { name: name(&path), error });
                }
                Ok((metadata, _, real)) if metadata.is_file() => {
                    self.add(name(&path), metadata.len(), real);
                }
                Ok(_) => {}
                Err(error) => unlisted.push(Unlisted { name: name(&path), error }),
            }
        }
    }

    /// Adds a file, or another name of a known file. If a file has several names, the one that claims a
    /// digest is used.
    fn add(&mut self, mut name: Vec<u8>, size: u64, real: PathBuf) {
        let is_blob = |name: &[u8]| name.starts_with(b"blobs/");
        let known = self.by_path.get(&real).and_then(|&known| self.blobs.get_mut(known));
        if let Some(known) = known {
            if is_blob(&name) && !is_blob(&known.name) {
                let other = std::mem::take(&mut known.name);
                *known = Blob::at(known.id, name, known.size);
                name = other;
            }
            self.links.push((name, known.name.clone()));
        } else {
            self.by_path.insert(real.clone(), self.blobs.len());
            self.blobs.push(Blob::at(self.blobs.len(), name, size));
            self.paths.push(real);
        }
    }
}

impl Source for Layout {
    fn listed(&self) -> &[Blob] {
        &self.blobs
    }

    fn links(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.links
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        let path = self.paths.get(blob.id).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_within_a_layout() {
        let root = std::env::temp_dir().join(format!("stowaway-layout-{}", std::process::id()));
        fs::create_dir_all(root.join("blobs/sha256")).unwrap();
        fs::write(root.join("blobs/sha256/aa"), "x").unwrap();
        fs::write(root.join("a-file"), "y").unwrap();
        for (target, link) in [
            ("blobs", "alias"),
            (".", "here"),
            ("..", "blobs/up"),
            ("../../a-file", "blobs/sha256/bb"),
            ("blobs/sha256/aa", "z"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        let (layout, unlisted) = Layout::open(&root);
        fs::remove_dir_all(&root).unwrap();
        assert!(unlisted.is_empty());
        let names: Vec<&[u8]> = layout.listed().iter().map(|blob| &blob.name[..]).collect();
        assert_eq!(names, [&b"blobs/sha256/bb"[..], b"blobs/sha256/aa"]);
        let link = |from: &[u8], to: &[u8]| (from.to_vec(), to.to_vec());
        assert_eq!(layout.links(), [link(b"a-file", b"blobs/sha256/bb"), link(b"z", b"blobs/sha256/aa")]);
    }
}
