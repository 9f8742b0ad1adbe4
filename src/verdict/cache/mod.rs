//! Data that one run stores for the next, by digest, in a file in the user's cache directory. The cache does
//! not interpret the stored values.
//!
//! A cache never makes an audit fail. A cache that cannot be opened is ignored, and a broken one is
//! recreated. Each value carries a hash over itself and its key, and is used only if the hash matches.

mod database;
mod entry;
mod place;
mod table;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::store::{Entry, Store, Stored, Version};
use crate::digest::Digest;
use crate::panics::contain_quietly;
use entry::Key;
pub(crate) use place::directory;
use place::{Identity, Place};

/// The maximum total size of the values. A layer of ten thousand files takes about 100 KiB, so this is enough
/// for about two thousand layers. Most machines never see that many layers, and it is less than the size of
/// one image with a machine learning framework.
const BOUND: u64 = 256 << 20;
/// The maximum number of bytes read in one request.
const MAX_READ: usize = 32 << 20;
/// The maximum time spent waiting for another process, per attempt.
const PATIENCE: Duration = Duration::from_millis(450);
/// The interval in seconds at which a use is recorded again. Recording each use would write to the file on
/// every run.
const USE: u64 = 60 * 60;

/// A cache in a directory.
#[derive(Debug)]
pub(crate) struct Cache {
    place: Place,
    bound: u64,
    /// Whether the cache was found unusable. It is not tried again.
    given_up: AtomicBool,
}

/// A description of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The path of the file.
    pub path: PathBuf,
    /// The number of entries. `None` if the file cannot be read.
    pub held: Option<Held>,
    /// The size of the file in bytes. `None` if there is no file.
    pub bytes: Option<u64>,
    /// The maximum total size of the values in bytes.
    pub bound: u64,
}

/// The number of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Entries of this version.
    pub entries: u64,
    /// Entries of other versions, which are removed first.
    pub outdated: u64,
}

impl Held {
    /// Returns the number of entries of all versions.
    pub(crate) fn all(self) -> u64 {
        self.entries + self.outdated
    }
}

/// The reason why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// There is no file.
    Absent,
    /// Another process has the file open.
    Busy,
    /// The file was not closed properly. Opening it for writing repairs it.
    Unclean,
    /// The file is not a cache, or is damaged.
    Broken,
    /// The system denies access.
    Unusable,
}

impl Cache {
    /// Creates a cache in a directory, which need not exist yet.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self { place: Place::new(directory), bound: BOUND, given_up: AtomicBool::new(false) }
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        self.place.file()
    }

    fn get_at(&self, version: Version, digests: &[Digest], now: u64) -> BTreeMap<Digest, Stored> {
        if digests.is_empty() {
            return BTreeMap::new();
        }
        let keys: Vec<Key> = digests.iter().map(|digest| Key::new(version, *digest)).collect();
        let read = self.attempt(false, |identity| {
            self.place.read(self.bound, identity, |database| table::read(database, &keys, MAX_READ))
        });
        let is_stale = |used: u64| used > now || now - used > USE;
        read.unwrap_or_default()
            .into_iter()
            .map(|(key, value, used)| (key.digest(), Stored { value, is_stale: is_stale(used) }))
            .collect()
    }

    fn put_at(&self, version: Version, entries: &[Entry], used: &[Digest], now: u64) {
        let entries: Vec<&Entry> = entries.iter().filter(|entry| self.takes(entry)).collect();
        if entries.is_empty() && used.is_empty() {
            return;
        }
        let used: Vec<Key> = used.iter().map(|digest| Key::new(version, *digest)).collect();
        let change = table::Change { version, entries, used, now, bound: self.bound };
        self.attempt(true, |identity| {
            self.place.write(self.bound, identity, |database| table::write(database, &change))
        });
    }

    /// Returns true if the entry is small enough to leave room for others.
    fn takes(&self, entry: &Entry) -> bool {
        table::weight(entry.value.len()) <= self.bound / 4
    }

    /// Describes the cache without changing it. Entries of other versions count as outdated.
    pub(crate) fn summary(&self, version: Version) -> Summary {
        let count = || self.place.peek(self.bound, |database| table::count(database, version));
        let start = Instant::now();
        let mut counted = contain_quietly(count);
        while counted == Some(Err(Failed::Busy)) && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
            counted = contain_quietly(count);
        }
        let held = match counted {
            Some(Err(Failed::Absent)) => Some(Held::default()),
            Some(counted) => counted.ok(),
            None => None,
        };
        let bytes = self.place.len();
        Summary { path: self.path().to_owned(), held, bytes, bound: self.bound }
    }

    /// Removes the cache file if it exists. Returns a description of the removed cache.
    ///
    /// # Errors
    /// Fails if the system cannot remove the file.
    pub(crate) fn clear(&self, version: Version) -> io::Result<Option<Summary>> {
        let summary = self.summary(version);
        Ok(self.place.clear()?.then_some(summary))
    }

    /// Runs an operation on the file, and waits for other processes if necessary. A broken file is removed.
    /// It is recreated if the operation writes.
    fn attempt<T>(
        &self,
        writes: bool,
        work: impl Fn(&mut Option<Identity>) -> Result<T, Failed>,
    ) -> Option<T> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut renewed = false;
        while !self.given_up.load(Ordering::Relaxed) {
            let mut identity = None;
            match contain_quietly(|| work(&mut identity)).unwrap_or(Err(Failed::Broken)) {
                Ok(done) => return Some(done),
                Err(Failed::Absent) => return None,
                Err(Failed::Busy) if start.elapsed() < PATIENCE => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                Err(Failed::Broken | Failed::Unclean) if !renewed && self.place.discard(identity).is_ok() => {
                    if !writes {
                        return None;
                    }
                    renewed = true;
                }
                Err(_) => self.given_up.store(true, Ordering::Relaxed),
            }
        }
        None
    }
}

impl Store for Cache {
    fn get(&self, version: Version, digests: &[Digest]) -> BTreeMap<Digest, Stored> {
        self.get_at(version, digests, now())
    }

    fn put(&self, version: Version, entries: &[Entry], used: &[Digest]) {
        self.put_at(version, entries, used, now());
    }
}

/// Returns the seconds since the start of 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
