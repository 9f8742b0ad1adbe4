//! A build context or source tree: a directory and all files in it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::Message;

/// A directory on disk. Links are not followed, because builders do not follow them either. Of entries other than
/// files, only the names and targets count.
pub(crate) struct BuildContext {
    root: PathBuf,
    files: Vec<ContextFile>,
    others: Vec<OtherEntry>,
}

/// A file of a build context.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContextFile {
    /// The path relative to the root.
    pub path: Vec<u8>,
    /// The size in bytes, as far as it is known without reading the file.
    pub size: u64,
}

/// An entry of a build context that is no file: a directory, a link, a socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OtherEntry {
    /// The path relative to the root.
    pub path: Vec<u8>,
    /// The target, if the entry is a link.
    pub target: Option<Vec<u8>>,
}

impl BuildContext {
    /// Lists a directory in order of path. Also returns a problem for each part that cannot be listed.
    pub(crate) fn open(root: &Path) -> (Self, Vec<Problem>) {
        let (mut files, mut others) = (Vec::new(), Vec::new());
        let mut unlisted = Vec::new();
        for entry in WalkBuilder::new(root).standard_filters(false).follow_links(false).build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    let size = entry.metadata().map(|metadata| metadata.len()).unwrap_or_default();
                    files.push(ContextFile { path: relative(entry.path(), root), size });
                }
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) => {
                    let path = relative(entry.path(), root);
                    let target =
                        entry.path_is_symlink().then(|| std::fs::read_link(entry.path())).transpose();
                    let target = target.unwrap_or_else(|error| {
                        unlisted.push(Problem::of(&error, Place::entry(&path)));
                        None
                    });
                    let target = target.map(|target| target.into_os_string().into_vec());
                    others.push(OtherEntry { path, target });
                }
                Err(error) => {
                    let code = error.io_error().map_or(Code::Io, Code::of);
                    let detail = Message::foreign(error.to_string());
                    unlisted.push(Problem::error(code, Place::Here, detail));
                }
            }
        }
        files.sort();
        others.sort();
        unlisted.sort();
        (Self { root: root.to_owned(), files, others }, unlisted)
    }

    /// Returns the files in order of path.
    pub(crate) fn files(&self) -> &[ContextFile] {
        &self.files
    }

    /// Returns the entries that are no files in order of path.
    pub(crate) fn others(&self) -> &[OtherEntry] {
        &self.others
    }

    /// Returns the number of the file at `path`.
    pub(crate) fn find(&self, path: &[u8]) -> Option<usize> {
        self.files.binary_search_by(|file| file.path.as_slice().cmp(path)).ok()
    }

    /// Opens file number `n`.
    ///
    /// # Errors
    /// Fails if the system cannot open the file.
    pub(crate) fn open_file(&self, n: usize) -> io::Result<File> {
        let file = self.files.get(n).ok_or(io::ErrorKind::NotFound)?;
        File::open(self.root.join(std::ffi::OsStr::from_bytes(&file.path)))
    }

    /// Returns the paths that no `.gitignore` in the tree excludes. If one of them is no file, none of them counts.
    pub(crate) fn kept_by_git(&self) -> BTreeSet<Vec<u8>> {
        let mut walk = WalkBuilder::new(&self.root);
        // The walk would wait for the writer of a pipe, and read a device without end.
        let is_special = |entry: &OtherEntry| {
            let names = [&b".gitignore"[..], b".git/info/exclude"];
            let path = self.root.join(std::ffi::OsStr::from_bytes(&entry.path));
            names.iter().any(|name| entry.path.ends_with(name))
                && std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
        };
        let is_git = !self.others.iter().any(is_special);
        walk.standard_filters(false)
            .git_ignore(is_git)
            .git_exclude(is_git)
            .require_git(false)
            .follow_links(false);
        walk.build().flatten().map(|entry| relative(entry.path(), &self.root)).collect()
    }
}

fn relative(path: &Path, root: &Path) -> Vec<u8> {
    path.strip_prefix(root).unwrap_or(path).as_os_str().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_keeps_is_known_even_beside_a_pipe() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join(".gitignore"), "a\n").unwrap();
        std::fs::write(root.join("a"), "").unwrap();
        let a_is_kept = || BuildContext::open(root).0.kept_by_git().contains(&b"a"[..]);
        assert!(!a_is_kept());
        assert!(std::process::Command::new("mkfifo").arg(root.join("sub/pipe")).status().unwrap().success());
        assert!(!a_is_kept());
        std::os::unix::fs::symlink("pipe", root.join("sub/.gitignore")).unwrap();
        assert!(a_is_kept());
    }
}
