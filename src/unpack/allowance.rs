//! The decoding budget that the containers of one layer share.

use std::cell::Cell;

use crate::stop::Stop;

/// The number of bytes that may still be decoded. Every active decoder counts it down. The allowance is zero
/// once the audit has to end.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: Cell<u64>,
    stop: Stop,
}

impl Allowance {
    pub(crate) fn new(bytes: u64, stop: Stop) -> Self {
        Self { left: Cell::new(bytes), stop }
    }

    /// Returns the number of bytes that may still be decoded.
    pub(crate) fn left(&self) -> u64 {
        if self.stop.is_due() { 0 } else { self.left.get() }
    }

    /// Subtracts bytes that were decoded.
    pub(crate) fn spend(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_sub(bytes as u64));
    }

    /// Returns true if the budget is used up. An audit that has to end early does not use it up.
    pub(super) fn is_used_up(&self) -> bool {
        self.left.get() == 0
    }
}
