//! Where tests put files: `target/tmp`, one fresh directory for each name.

use std::fs;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// A directory of its own, emptied when it is made and left behind for whoever looks into a failure.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// `name` must be unique in the file that calls.
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

    /// Writes a file, with the directories above it, and says where.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// `target/tmp`, which Cargo makes for integration tests.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
