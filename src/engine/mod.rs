//! Reads blobs, each once, on all threads: what is in them becomes a verdict. The only room that decides what runs in
//! parallel.

pub(crate) mod blob;
mod body;
pub(crate) mod budget;
mod document;
mod gap;
pub(crate) mod gathered;
mod hashed;
mod in_parallel;
mod layer;
mod memory;
mod permits;
mod progress;
mod scan;
mod search;
mod side_by_side;
pub(crate) mod source;
pub(crate) mod stream;
pub(crate) mod tree;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use progress::Progress;
pub(crate) use progress::Silent;
pub(crate) use scan::{Scan, contained};

use crate::stop::Stop;
use crate::stream::Gate;
use crate::timestamp::Clock;
use crate::verdict::Store;
use budget::Budget;
use permits::{Permit, Permits};

/// More threads than any machine of today has cores would only cost memory.
const MAX_THREADS: usize = 256;
/// Scans at a time, each of which may remember as much as its [`budget`] allows.
const MAX_SCANS: usize = 4;

/// All that scans share: threads, memory, what is remembered of layers, the time of day. It lives as long as the
/// program.
#[derive(Debug)]
pub(crate) struct Engine {
    jobs: usize,
    cores: Permits,
    scans: Permits,
    /// Lets one blob at a time be decoded with large windows.
    gate: Gate,
    store: Option<Arc<dyn Store>>,
    clock: Clock,
}

impl Engine {
    /// With so many cores to use; all of the machine's where it is not said.
    pub(crate) fn new(jobs: Option<NonZeroUsize>, store: Option<Arc<dyn Store>>, clock: Clock) -> Self {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = jobs.map_or_else(all, NonZeroUsize::get).min(MAX_THREADS);
        Self {
            jobs,
            cores: Permits::new(jobs),
            scans: Permits::new(MAX_SCANS),
            gate: Gate::default(),
            store,
            clock,
        }
    }

    /// The time of day.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until a further scan may begin, and does `work` with it.
    pub(crate) fn scan<T>(
        &self,
        stop: &Stop,
        progress: &dyn Progress,
        work: impl FnOnce(Scan<'_>) -> T,
    ) -> T {
        let _place = self.scans.take(stop);
        work(Scan { engine: self, stop, budget: &Budget::default(), progress })
    }

    /// Does `work` for each number below `count`, in that order, until the scan has to end: as many at a time as there are
    /// cores, and `waiting` more of which that many wait for bytes.
    fn for_each(
        &self,
        stop: &Stop,
        count: usize,
        waiting: usize,
        work: impl Fn(usize, &mut Permit<'_>) + Sync,
    ) {
        let next = AtomicUsize::new(0);
        let run = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count || stop.is_due() {
                    return;
                }
                work(number, &mut self.cores.take(stop));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..count.min(self.jobs + waiting) {
                // Where no more threads are to be had, those that there are do the work.
                if std::thread::Builder::new().spawn_scoped(scope, run).is_err() {
                    break;
                }
            }
            run();
        });
    }
}

#[cfg(test)]
pub(crate) mod tests;
