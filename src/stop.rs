//! An audit that is ended early: because somebody asks for it, or because its time is up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fault::{Code, Fault};

/// Cancels audits from another thread. Clones cancel the same audits.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the audits that were given this value. They report what they found until then, and an error with the code
    /// `cancelled`. An audit that begins later ends at once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The reasons for which one audit ends early. Whoever fetches or decodes bytes asks for them at each buffer. Once there
/// is a reason, there is one for good: who sees none at the end of its work knows that nothing was cut short.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    cancel: Cancel,
    deadline: Option<Instant>,
}

impl Stop {
    /// Ends when `cancel` says so, or after `timeout`.
    pub(crate) fn new(cancel: Cancel, timeout: Option<Duration>) -> Self {
        Self { cancel, deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    /// Why the audit has to end, as the error of a reader.
    ///
    /// # Errors
    /// Of the code `cancelled` or `timed-out`.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Fault::io(Code::Cancelled, "the audit was cancelled"));
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Fault::io(Code::TimedOut, "the audit ran out of time"));
        }
        Ok(())
    }

    /// Whether the audit has to end.
    pub(crate) fn is_due(&self) -> bool {
        self.check().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audits_end_when_they_are_told_to_and_when_their_time_is_up() {
        let code = |stop: &Stop| stop.check().err().map(|error| Code::of(&error));
        let cancel = Cancel::default();
        let (one, other) = (Stop::new(cancel.clone(), None), Stop::default());
        assert_eq!((code(&one), code(&other)), (None, None));
        cancel.cancel();
        assert_eq!((code(&one), code(&other)), (Some(Code::Cancelled), None));
        assert_eq!(code(&Stop::new(Cancel::default(), Some(Duration::ZERO))), Some(Code::TimedOut));
        assert!(!Stop::new(Cancel::default(), Some(Duration::MAX)).is_due());
        assert_eq!(code(&Stop::new(cancel, Some(Duration::ZERO))), Some(Code::Cancelled));
    }
}
