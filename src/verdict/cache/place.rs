//! The location of the cache file, its permissions, and its creation and removal.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database};

use super::Failed;
use super::database::{Either, failed};

const NAME: &str = "layers.redb";
/// The memory that the database may use for caching the file.
const MEMORY: usize = 8 << 20;

/// The maximum size of an almost empty file. A file larger than twice the bound plus this value is recreated.
const OVERHEAD: u64 = 1 << 20;

/// Returns the directory of this program's caches, derived from the values of `XDG_CACHE_HOME` and `HOME`
/// (XDG Base Directory Specification). Returns `None` if neither is usable. Relative paths are ignored.
pub(crate) fn directory(xdg_cache_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let absolute = |path: &&OsStr| Path::new(path).is_absolute();
    let caches = match xdg_cache_home.filter(absolute) {
        Some(caches) => PathBuf::from(caches),
        None => Path::new(home.filter(absolute)?).join(".cache"),
    };
    Some(caches.join("stowaway"))
}

/// The device and inode of a file. They distinguish it from another file that replaced it.
pub(super) type Identity = (u64, u64);

/// The file and its directory.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    file: PathBuf,
}

impl Place {
    pub(super) fn new(directory: PathBuf) -> Self {
        let file = directory.join(NAME);
        Self { directory, file }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the size of the file, if it exists.
    pub(super) fn len(&self) -> Option<u64> {
        fs::symlink_metadata(&self.file).ok().filter(Metadata::is_file).map(|metadata| metadata.len())
    }

    /// Reads from the file. A file that was not closed properly is repaired first.
    pub(super) fn read<T>(
        &self,
        bound: u64,
        identity: &mut Option<Identity>,
        work: impl Fn(&Either) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        match self.peek_identified(bound, identity, &work) {
            Err(Failed::Unclean) => {}
            done => return done,
        }
        let database = builder().create_with_backend(backend(self.open(true, bound, identity)?)?);
        work(&Either::Writing(database.map_err(failed)?))
    }

    /// Reads from the file without changing it.
    pub(super) fn peek<T>(
        &self,
        bound: u64,
        work: impl Fn(&Either) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.peek_identified(bound, &mut None, &work)
    }

    fn peek_identified<T>(
        &self,
        bound: u64,
        identity: &mut Option<Identity>,
        work: &impl Fn(&Either) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let file = self.open(false, bound, identity)?;
        let database = builder().open_read_only_with_backend(backend(file)?).map_err(failed)?;
        work(&Either::Reading(database))
    }

    /// Writes to the file, and creates it if necessary.
    pub(super) fn write<T>(
        &self,
        bound: u64,
        identity: &mut Option<Identity>,
        work: impl Fn(&Database) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.make_directory()?;
        let file = match self.open(true, bound, identity) {
            Err(Failed::Absent) => self.make_file()?,
            file => file?,
        };
        let database = builder().create_with_backend(backend(file)?).map_err(failed)?;
        let done = work(&database)?;
        // Committed data is safe. The data added on closing only saves the next process some work.
        drop(database.close());
        Ok(done)
    }

    fn make_directory(&self) -> Result<(), Failed> {
        if DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).is_err() {
            return Err(Failed::Unusable);
        }
        let metadata = fs::metadata(&self.directory).map_err(|_| Failed::Unusable)?;
        if !is_own(&metadata) {
            return Err(Failed::Unusable);
        }
        if metadata.mode() & 0o077 != 0 {
            let is_open = is_writable_by_others(&metadata);
            fs::set_permissions(&self.directory, Permissions::from_mode(0o700))
                .map_err(|_| Failed::Unusable)?;
            if is_open {
                // In a directory that others could write, the file may come from anyone.
                return Err(Failed::Broken);
            }
        }
        Ok(())
    }

    fn make_file(&self) -> Result<File, Failed> {
        let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&self.file);
        made.map_err(|error| match error.kind() {
            // Another process created the file first.
            io::ErrorKind::AlreadyExists => Failed::Busy,
            _ => Failed::Unusable,
        })
    }

    /// Opens the file if it belongs to us and nobody else can have written to it.
    fn open(&self, writes: bool, bound: u64, identity: &mut Option<Identity>) -> Result<File, Failed> {
        let lacking = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failed::Absent,
            _ => Failed::Unusable,
        };
        let directory = fs::metadata(&self.directory).map_err(lacking)?;
        if !is_own(&directory) || is_writable_by_others(&directory) {
            return Err(Failed::Unusable);
        }
        let metadata = fs::symlink_metadata(&self.file).map_err(lacking)?;
        *identity = Some((metadata.dev(), metadata.ino()));
        if metadata.is_dir() || !is_own(&metadata) {
            return Err(Failed::Unusable);
        }
        // A link leads to a file that is not ours, and a pipe would block.
        let is_too_large = metadata.len() > bound.saturating_mul(2).saturating_add(OVERHEAD);
        if !metadata.is_file() || is_writable_by_others(&metadata) || is_too_large {
            return Err(Failed::Broken);
        }
        if metadata.len() == 0 && !writes {
            // Another process is about to fill the file.
            return Err(Failed::Absent);
        }
        let file = OpenOptions::new().read(true).write(writes).open(&self.file).map_err(lacking)?;
        if writes && metadata.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(|_| Failed::Unusable)?;
        }
        Ok(file)
    }

    /// Removes the file if it is still the one that was found broken. Processes that have it open can
    /// continue to use it.
    pub(super) fn discard(&self, identity: Option<Identity>) -> io::Result<()> {
        let metadata = match fs::symlink_metadata(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        if identity.is_some_and(|identity| identity != (metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        self.remove().map(|_| ())
    }

    /// Removes the file, and the directory if it is then empty.
    pub(super) fn clear(&self) -> io::Result<bool> {
        let removed = self.remove()?;
        if removed {
            // The directory stays if it is not empty.
            drop(fs::remove_dir(&self.directory));
        }
        Ok(removed)
    }

    fn remove(&self) -> io::Result<bool> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(MEMORY);
    builder
}

fn backend(file: File) -> Result<FileBackend, Failed> {
    FileBackend::new(file).map_err(failed)
}

/// Returns true if the file belongs to the current user. Even root does not trust files of other users.
fn is_own(metadata: &Metadata) -> bool {
    fs::metadata("/proc/self").map_or(true, |process| process.uid() == metadata.uid())
}

fn is_writable_by_others(metadata: &Metadata) -> bool {
    metadata.mode() & 0o022 != 0
}
