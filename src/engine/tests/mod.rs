//! An engine for tests, a scan that runs on it, and a source that records requests.

mod ahead;
mod golden;
mod panics;
mod remote;
mod sources;

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::digest::Digest;
use crate::stop::{Cancel, Stop};
use crate::verdict::{Entry, Stored, Version};

/// The values that a test's scan refers to.
pub(crate) struct Bench {
    engine: Engine,
    stop: Stop,
    budget: budget::Budget,
}

impl Bench {
    pub(crate) fn scan(&self) -> Scan<'_> {
        Scan { engine: &self.engine, stop: &self.stop, budget: &self.budget, progress: &Silent }
    }

    /// Returns the bench with a scan that `cancel` ends.
    fn ended_by(self, cancel: &Cancel) -> Self {
        Self { stop: Stop::new(cancel.clone(), None), ..self }
    }

    /// Returns the bench with a scan that ends after `timeout`.
    fn within(self, timeout: std::time::Duration) -> Self {
        Self { stop: Stop::new(Cancel::default(), Some(timeout)), ..self }
    }
}

/// Creates a bench with `jobs` cores.
pub(crate) fn engine(jobs: usize) -> Bench {
    engine_with(jobs, None)
}

fn engine_with(jobs: usize, store: Option<Arc<dyn Store>>) -> Bench {
    let engine = Engine::new(NonZeroUsize::new(jobs), store, Clock::None);
    Bench { engine, stop: Stop::default(), budget: budget::Budget::default() }
}

/// A store in memory.
#[derive(Debug, Default)]
struct InMemory(Mutex<HashMap<(u32, Digest), Vec<u8>>>);

impl Store for InMemory {
    fn get(&self, version: Version, digests: &[Digest]) -> std::collections::BTreeMap<Digest, Stored> {
        let held = self.0.lock().unwrap();
        let get = |digest: &Digest| Some((*digest, held.get(&(version.0, *digest))?.clone()));
        digests
            .iter()
            .filter_map(get)
            .map(|(digest, value)| (digest, Stored { value, is_stale: false }))
            .collect()
    }

    fn put(&self, version: Version, entries: &[Entry], _used: &[Digest]) {
        let mut held = self.0.lock().unwrap();
        held.extend(entries.iter().map(|entry| ((version.0, entry.digest), entry.value.clone())));
    }
}
