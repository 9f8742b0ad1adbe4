//! What an audit may remember, so that memory is bounded whatever an image holds.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that names, links and occurrences of one target may take together.
const MEMORY: usize = 40 * 1024 * 1024;

/// Shared by all that is read of one target.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicUsize);

impl Budget {
    /// Takes `bytes` of what is left; says whether there was so much.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.0.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MEMORY
    }

    /// The limit, for messages.
    pub(super) fn limit() -> String {
        format!("more names and findings than the {} MiB that are kept for them", MEMORY >> 20)
    }
}
