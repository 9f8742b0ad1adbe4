//! What an audit may remember, so that memory is bounded whatever an image holds.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::unpack::MAX_IN_FILE;

/// Bytes that names, links and occurrences of one target may take together.
const MEMORY: usize = 40 * 1024 * 1024;
/// What an occurrence costs until it is a finding of the report.
const OCCURRENCE: usize = 2048;

/// Shared by all that is read of one target. Once it is used up, which threads got what is left is chance;
/// an error says then that the report is not whole.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicUsize);

impl Budget {
    /// Takes `bytes` of what is left; says whether there was so much.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.0.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MEMORY
    }

    /// Keeps as many of what was found in one file as there is room for; says whether that was all.
    pub(super) fn keep<T>(&self, found: &mut Vec<T>) -> bool {
        let all = found.len();
        let kept = (0..all.min(MAX_IN_FILE)).take_while(|_| self.take(OCCURRENCE)).count();
        found.truncate(kept);
        kept == all
    }

    /// The message that names the limit.
    pub(super) fn overflow() -> String {
        format!(
            "it holds more names or tokens than are kept ({MAX_IN_FILE} tokens of a file, {} MiB in all): not all are listed",
            MEMORY >> 20
        )
    }
}
