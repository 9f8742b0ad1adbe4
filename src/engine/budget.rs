//! The memory budget of an audit. It limits memory use for any image.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::message;
use crate::unpack::MAX_IN_FILE;
use crate::verdict::cost;

/// The maximum number of bytes for the names, links and occurrences of one target.
const MEMORY: usize = 40 * 1024 * 1024;

/// The budget shared by all readers of one target. Once it is used up, the timing of threads decides what is
/// left out. In that case an error states that the report is incomplete.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// The bytes taken by all parts.
    all: Arc<AtomicUsize>,
    /// The bytes taken through this value.
    own: AtomicUsize,
}

impl Budget {
    /// Returns the same budget for one part of the target. The new value counts the bytes taken by that part.
    pub(crate) fn for_part(&self) -> Self {
        Self { all: Arc::clone(&self.all), own: AtomicUsize::new(0) }
    }

    /// Returns the number of bytes taken through this value.
    pub(crate) fn taken(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    /// Takes `bytes` from the budget. Returns true if the budget was sufficient.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        self.own.fetch_add(bytes, Ordering::Relaxed);
        self.all.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MEMORY
    }

    /// Takes `bytes` if the budget is sufficient, otherwise nothing.
    pub(crate) fn take_whole(&self, bytes: usize) -> bool {
        let taken = |all: usize| all.checked_add(bytes).filter(|&all| all <= MEMORY);
        let fits = self.all.try_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok();
        self.own.fetch_add(if fits { bytes } else { 0 }, Ordering::Relaxed);
        fits
    }

    /// Returns bytes to the budget.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.own.fetch_sub(bytes, Ordering::Relaxed);
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Keeps as many results of one file as the budget allows. Returns true if all are kept.
    pub(crate) fn keep<T>(&self, found: &mut Vec<T>) -> bool {
        let all = found.len();
        let kept = (0..all.min(MAX_IN_FILE)).take_while(|_| self.take(cost(1))).count();
        found.truncate(kept);
        kept == all
    }

    /// Creates the problem that names the limit.
    pub(crate) fn overflow() -> Problem {
        let detail = message!(
            "it has more names or tokens than the limit ({} tokens per file, {} MiB in all): not all are listed",
            MAX_IN_FILE,
            MEMORY >> 20
        );
        Problem::error(Code::Limit, Place::Here, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_what_there_is() {
        let budget = Budget::default();
        let (one, other) = (budget.for_part(), budget.for_part());
        assert!(one.take(MEMORY - 100));
        assert_eq!((one.taken(), other.taken(), budget.taken()), (MEMORY - 100, 0, 0));
        assert!(!other.take_whole(101), "what does not fit is not taken");
        assert!(other.take_whole(100) && !one.take_whole(1));
        other.give_back(100);
        assert_eq!(other.taken(), 0);
        assert!(one.take(100) && !one.take(1));
    }
}
