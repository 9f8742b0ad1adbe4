//! The early end of an audit, on request or by timeout.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fault::{Code, Fault};

/// A handle that cancels audits from another thread. Clones cancel the same audits.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the audits that were given this value. Their reports contain everything found so far and an error
    /// with the code `cancelled`. Audits that begin later end at once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The reasons for which one audit ends early. Code that fetches or decodes bytes checks them at each buffer.
/// A reason never goes away. Therefore, if there is none at the end of some work, nothing was cut short.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    cancel: Cancel,
    deadline: Option<Instant>,
    /// Triggered by a finding, if one is enough.
    first: Option<Cancel>,
}

impl Stop {
    /// Creates a value that ends the audit when `cancel` is triggered, or after `timeout`.
    pub(crate) fn new(cancel: Cancel, timeout: Option<Duration>) -> Self {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { cancel, deadline, first: None }
    }

    /// Makes one finding enough.
    pub(crate) fn at_first_finding(mut self) -> Self {
        self.first = Some(Cancel::default());
        self
    }

    /// Ends the audit if one finding is enough.
    pub(crate) fn found(&self) {
        if let Some(first) = &self.first {
            first.cancel();
        }
    }

    /// Checks whether the audit has to end.
    ///
    /// # Errors
    /// Returns an error with the code `cancelled` or `timed-out`, in the form of a reader's error.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Fault::io(Code::Cancelled, "the audit was cancelled"));
        }
        if self.first.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(Fault::io(
                Code::Cancelled,
                "a token was found, and --first-finding asks for no more",
            ));
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Fault::io(Code::TimedOut, "the audit ran out of time"));
        }
        Ok(())
    }

    /// Returns true if the audit has to end.
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
        let (all, first) = (Stop::default(), Stop::default().at_first_finding());
        assert_eq!(code(&first), None);
        all.found();
        first.clone().found();
        assert_eq!((code(&all), code(&first)), (None, Some(Code::Cancelled)));
    }
}
