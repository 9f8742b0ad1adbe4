//! Bytes that one run leaves for the next, by digest: a file in the user's cache directory. It knows nothing of
//! what the bytes mean.
//!
//! A cache is never a reason to fail. One that cannot be opened is none; one that is broken is made anew. Each value
//! carries a hash over itself and its key, and counts only where that fits.

mod database;
mod entry;
mod place;
mod table;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::store::{Entry, Kept, Store, Version};
use crate::digest::Digest;
use crate::panics::contain_quietly;
use entry::Key;
pub(crate) use place::directory;
use place::{Identity, Place};

/// Bytes that the values may take. A layer of ten thousand files takes about 100 KiB, so this is some two thousand
/// layers: more than most machines ever see, and less than one image of a machine learning framework.
const BOUND: u64 = 256 << 20;
/// What is asked for at once is read up to this many bytes.
const MAX_READ: usize = 32 << 20;
/// How long another process is waited for, each time.
const PATIENCE: Duration = Duration::from_millis(450);
/// A use is noted anew after so many seconds: noting each would write on every run.
const USE: u64 = 60 * 60;

/// A cache in a directory.
#[derive(Debug)]
pub(crate) struct Cache {
    place: Place,
    bound: u64,
    /// Whether it turned out to be unusable: it is not tried again.
    given_up: AtomicBool,
}

/// What there is of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The file.
    pub path: PathBuf,
    /// What it holds; nothing where it cannot be read.
    pub held: Option<Held>,
    /// The file's size in bytes; none where there is no file.
    pub bytes: Option<u64>,
    /// How many bytes its values may take.
    pub bound: u64,
}

/// How many entries there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Those of this version.
    pub entries: u64,
    /// Those of other versions, which go first.
    pub outdated: u64,
}

impl Held {
    /// Those of any version.
    pub(crate) fn all(self) -> u64 {
        self.entries + self.outdated
    }
}

/// Why something could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// There is no file.
    Absent,
    /// Another process has it.
    Busy,
    /// It was not closed properly, and is whole once it is opened for writing.
    Unclean,
    /// It is no cache, or not whole.
    Broken,
    /// The system does not let us.
    Unusable,
}

impl Cache {
    /// The cache in that directory, which need not be there yet.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self { place: Place::new(directory), bound: BOUND, given_up: AtomicBool::new(false) }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.place.file()
    }

    fn get_at(&self, version: Version, digests: &[Digest], now: u64) -> BTreeMap<Digest, Kept> {
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
            .map(|(key, value, used)| (key.digest(), Kept { value, is_stale: is_stale(used) }))
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

    /// Whether the entry leaves room for others.
    fn takes(&self, entry: &Entry) -> bool {
        table::weight(entry.value.len()) <= self.bound / 4
    }

    /// What there is of it; entries of other versions are outdated. Nothing is changed.
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

    /// Removes it, if it is there. Says what was removed.
    ///
    /// # Errors
    /// Those of the system: whatever stands in its place is still there.
    pub(crate) fn clear(&self, version: Version) -> io::Result<Option<Summary>> {
        let summary = self.summary(version);
        Ok(self.place.clear()?.then_some(summary))
    }

    /// Does something with the file, waiting for other processes where it must. A broken file goes; where there
    /// is something to write, it is made anew.
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
    fn get(&self, version: Version, digests: &[Digest]) -> BTreeMap<Digest, Kept> {
        self.get_at(version, digests, now())
    }

    fn put(&self, version: Version, entries: &[Entry], used: &[Digest]) {
        self.put_at(version, entries, used, now());
    }
}

/// Seconds since the start of 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
