//! An engine for tests, and a scan on it.

use super::*;
use crate::stop::Stop;

/// What a scan of a test refers to.
pub(crate) struct Bench {
    engine: Engine,
    stop: Stop,
    budget: budget::Budget,
}

impl Bench {
    pub(crate) fn scan(&self) -> Scan<'_> {
        Scan { engine: &self.engine, stop: &self.stop, budget: &self.budget, progress: &Silent }
    }
}

/// With so many cores.
pub(crate) fn engine(jobs: usize) -> Bench {
    let engine = Engine::new(NonZeroUsize::new(jobs), None, Clock::None);
    Bench { engine, stop: Stop::default(), budget: budget::Budget::default() }
}
