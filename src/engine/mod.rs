//! The engine that reads blobs, each once, on all threads, and produces a verdict for each. No other module
//! decides what runs in parallel.

mod ahead;
pub(crate) mod blob;
mod body;
pub(crate) mod budget;
mod document;
mod gap;
pub(crate) mod gathered;
mod hashed;
mod in_parallel;
mod known;
mod layer;
mod member;
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

pub(crate) use member::member;
pub use progress::Progress;
pub(crate) use progress::Silent;
pub(crate) use scan::{Scan, contained};

use crate::stop::Stop;
use crate::stream::Gate;
use crate::timestamp::Clock;
use crate::verdict::Store;
use budget::Budget;
use permits::{Permit, Permits};

/// The maximum number of threads. More threads than current machines have cores would only cost memory.
const MAX_THREADS: usize = 256;
/// The maximum number of concurrent scans. Each may use as much memory as its [`budget`] allows.
const MAX_SCANS: usize = 4;

/// The state shared by all scans: threads, memory, remembered layers, and the clock. It lives as long as the
/// program.
#[derive(Debug)]
pub(crate) struct Engine {
    jobs: usize,
    cores: Permits,
    scans: Permits,
    /// A gate that lets one blob at a time be decoded with large windows.
    gate: Gate,
    store: Option<Arc<dyn Store>>,
    clock: Clock,
}

impl Engine {
    /// Creates an engine that uses `jobs` cores, by default all cores of the machine.
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

    /// Returns the clock.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until another scan may begin, and runs `work` with it.
    pub(crate) fn scan<T>(
        &self,
        stop: &Stop,
        progress: &dyn Progress,
        work: impl FnOnce(Scan<'_>) -> T,
    ) -> T {
        let _place = self.scans.take(stop);
        work(Scan { engine: self, stop, budget: &Budget::default(), progress })
    }

    /// Runs `work` for each number below `count`, in order, until the scan has to end. As many calls run at a
    /// time as there are cores, plus up to `waiting` calls while that many wait for bytes.
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
                // If no more threads can be started, the existing ones do the work.
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
