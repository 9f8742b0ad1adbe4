//! Directories for test files: a fresh one below `target/tmp` for each name.

use std::fs;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// A directory for one test. It is emptied when it is created, and kept afterwards for debugging.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// Creates the directory. `name` must be unique in the calling file.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let path = root().join(Path::new(Location::caller().file()).with_extension("")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and its parent directories, and returns the path.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// Returns `target/tmp`, which Cargo creates for integration tests.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
