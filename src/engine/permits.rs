//! A fixed number of permits that threads take and return. They represent cores, and concurrent scans.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::stop::Stop;

/// The interval at which a waiting thread checks whether its scan has to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// The permits shared by all scans of an engine.
#[derive(Debug)]
pub(super) struct Permits {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Permits {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits for a permit. A scan that has to end does not wait and proceeds without a permit, because it has
    /// little left to do.
    pub(super) fn take<'a>(&'a self, stop: &'a Stop) -> Permit<'a> {
        let mut permit = Permit { permits: self, stop, is_held: false };
        permit.wait();
        permit
    }
}

/// A permit, held until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    permits: &'a Permits,
    stop: &'a Stop,
    is_held: bool,
}

impl Permit<'_> {
    /// Returns the permit while `wait` runs, and takes one again afterwards. If `is_awaited` holds, others may hold all
    /// permits while they wait for this thread, so that it goes on without a permit if none is free.
    pub(super) fn lend<T>(&mut self, is_awaited: bool, wait: impl FnOnce() -> T) -> T {
        self.give_back();
        let outcome = wait();
        if is_awaited {
            self.try_take();
        } else {
            self.wait();
        }
        outcome
    }

    fn try_take(&mut self) {
        let mut free = self.permits.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = free.checked_sub(1) {
            *free = left;
            self.is_held = true;
        }
    }

    fn wait(&mut self) {
        let mut free = self.permits.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if self.stop.is_due() {
                return;
            }
            let woken = self.permits.freed.wait_timeout(free, PATIENCE);
            free = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        self.is_held = true;
    }

    fn give_back(&mut self) {
        if std::mem::take(&mut self.is_held) {
            *self.permits.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            self.permits.freed.notify_one();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Cancel;

    #[test]
    fn there_are_no_more_places_than_there_are() {
        let permits = Permits::new(1);
        let (stop, cancel) = (Stop::default(), Cancel::default());
        let ending = Stop::new(cancel.clone(), None);
        let mut first = permits.take(&stop);
        let lent = first.lend(false, || permits.take(&stop).is_held);
        assert!(lent && first.is_held);
        let kept = first.lend(true, || permits.take(&stop));
        assert!(kept.is_held && !first.is_held, "others wait for this thread");
        drop(kept);
        first.lend(true, || ());
        assert!(first.is_held);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| permits.take(&ending).is_held);
            cancel.cancel();
            assert!(!second.join().unwrap(), "who has to end does not wait");
        });
        drop(first);
        assert_eq!(*permits.free.lock().unwrap(), 1);
    }
}
