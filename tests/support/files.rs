//! The files of an image archive or layout. A test may corrupt them before it writes them.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::tar::{Header, Tar};

/// The content of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    File(Vec<u8>),
    Symlink(String),
}

/// Named files, in archive order.
#[derive(Debug, Clone, Default)]
pub struct Files(pub Vec<(String, Item)>);

impl Files {
    pub fn push(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((name.into(), Item::File(bytes.into())));
    }

    /// Returns the bytes of a file for modification.
    #[track_caller]
    pub fn get_mut(&mut self, name: &str) -> &mut Vec<u8> {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, Item::File(bytes))) => bytes,
            _ => panic!("no file {name}"),
        }
    }

    #[track_caller]
    pub fn remove(&mut self, name: &str) {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != name);
        assert_eq!(self.0.len() + 1, before, "no file {name}");
    }

    /// Moves a file to the end.
    #[track_caller]
    pub fn move_last(&mut self, name: &str) {
        let at = self.0.iter().position(|(known, _)| known == name).expect("a file of that name");
        let item = self.0.remove(at);
        self.0.push(item);
    }

    pub fn reverse(&mut self) {
        self.0.reverse();
    }

    /// Returns the files as a tar archive.
    pub fn archive(&self) -> Vec<u8> {
        self.archive_as("")
    }

    /// Returns the files as a tar archive whose names begin with `prefix`. `tar -cf x.tar .` writes `./`.
    pub fn archive_as(&self, prefix: &str) -> Vec<u8> {
        let tar = self.0.iter().fold(Tar::new(), |tar, (name, item)| {
            let path = format!("{prefix}{name}");
            match item {
                Item::File(bytes) => tar.file(path, bytes),
                Item::Symlink(target) => {
                    let (path, link) = (path.as_bytes(), target.as_bytes());
                    tar.entry(&Header { path, kind: b'2', link, ..Header::default() }, b"")
                }
            }
        });
        tar.finish()
    }

    /// Writes the files below a directory.
    pub fn write_dir(&self, dir: &Path) {
        for (name, item) in &self.0 {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match item {
                Item::File(bytes) => fs::write(&path, bytes).unwrap(),
                Item::Symlink(target) => std::os::unix::fs::symlink(target, &path).unwrap(),
            }
        }
    }
}

/// Compresses with gzip at a fast level.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Compresses with Zstandard at a fast level.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Compresses bytes with a window of 2^`log` bytes, as the option `--zstd=wlog=` does.
pub fn zstd_with_window(bytes: &[u8], log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(log).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
