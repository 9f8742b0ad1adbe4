//! How much the containers of one layer may still decode to.

use std::cell::Cell;

use crate::stop::Stop;

/// Bytes that may still be decoded, counted down by every decoder that is at work. Once the audit has to end there are
/// none.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: Cell<u64>,
    stop: Stop,
}

impl Allowance {
    pub(crate) fn new(bytes: u64, stop: Stop) -> Self {
        Self { left: Cell::new(bytes), stop }
    }

    /// How many bytes may still be decoded.
    pub(crate) fn left(&self) -> u64 {
        if self.stop.is_due() { 0 } else { self.left.get() }
    }

    /// Counts bytes that were decoded.
    pub(crate) fn spend(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_sub(bytes as u64));
    }

    /// Whether it is used up, as it is not where only the audit has to end.
    pub(super) fn is_used_up(&self) -> bool {
        self.left.get() == 0
    }
}
