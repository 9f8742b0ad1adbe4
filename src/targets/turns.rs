//! The order in which targets are audited: one after another, except that a target which waits for a silent server does
//! not keep the next one waiting.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Progress;

/// The time without a byte after which the next target begins.
const PATIENCE: Duration = Duration::from_secs(3);
/// The interval at which progress is looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// The maximum number of targets at a time.
const MAX_AT_ONCE: usize = 4;

/// Runs `work` for each number below `count`, and returns the results in order. `waits` says of a number whether its work
/// may wait for a server.
pub(super) fn in_turn<T: Send>(
    count: usize,
    progress: &dyn Progress,
    waits: impl Fn(usize) -> bool,
    work: impl Fn(usize, &dyn Progress) -> T + Sync,
) -> Vec<T> {
    with_patience(PATIENCE, count, progress, waits, work)
}

fn with_patience<T: Send>(
    patience: Duration,
    count: usize,
    progress: &dyn Progress,
    waits: impl Fn(usize) -> bool,
    work: impl Fn(usize, &dyn Progress) -> T + Sync,
) -> Vec<T> {
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let turns = Turns::default();
    let run = |number: usize, progress: &dyn Progress| {
        let result = work(number, progress);
        if let Some(slot) = results.get(number) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    let run = &run;
    std::thread::scope(|scope| {
        for number in 0..count {
            turns.begin();
            if count > 1 && waits(number) {
                let counted = Arc::new(Counted::new(progress));
                let own = Arc::clone(&counted);
                let turns = &turns;
                let spawned = std::thread::Builder::new().spawn_scoped(scope, move || {
                    run(number, &*own);
                    own.has_ended.store(true, Ordering::Release);
                    turns.end();
                });
                if spawned.is_ok() {
                    turns.wait(patience, &counted);
                    continue;
                }
            }
            run(number, progress);
            turns.end();
        }
    });
    results.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// The number of targets that are being audited.
#[derive(Default)]
struct Turns {
    running: Mutex<usize>,
    changed: Condvar,
}

impl Turns {
    fn end(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.changed.notify_all();
    }

    /// Waits until one more target may begin.
    fn begin(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running >= MAX_AT_ONCE {
            running = self.changed.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        *running += 1;
    }

    /// Waits until a target has ended, or no byte came for it in a while.
    fn wait(&self, patience: Duration, counted: &Counted<'_>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut bytes, mut since) = (0, Instant::now());
        while !counted.has_ended.load(Ordering::Acquire) {
            let now = counted.bytes.load(Ordering::Relaxed);
            if now != bytes {
                (bytes, since) = (now, Instant::now());
            } else if since.elapsed() >= patience {
                return;
            }
            running = self.changed.wait_timeout(running, INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A receiver of the progress of one target, which counts its bytes.
struct Counted<'a> {
    inner: &'a dyn Progress,
    bytes: AtomicU64,
    has_ended: AtomicBool,
}

impl<'a> Counted<'a> {
    fn new(inner: &'a dyn Progress) -> Self {
        Self { inner, bytes: AtomicU64::new(0), has_ended: AtomicBool::new(false) }
    }
}

impl Progress for Counted<'_> {
    fn add_total(&self, bytes: u64) {
        self.inner.add_total(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.inner.advance(bytes);
    }

    fn found_ahead(&self, layer: usize, path: &str) {
        self.inner.found_ahead(layer, path);
    }

    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
        Box::new(Part { whole: self, inner: self.inner.part(name, bytes) })
    }
}

/// A part of a target.
struct Part<'a> {
    whole: &'a Counted<'a>,
    inner: Box<dyn Progress + 'a>,
}

impl Progress for Part<'_> {
    fn add_total(&self, bytes: u64) {
        self.inner.add_total(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.whole.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.inner.advance(bytes);
    }

    fn found_ahead(&self, layer: usize, path: &str) {
        self.inner.found_ahead(layer, path);
    }

    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
        self.inner.part(name, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Silent;

    /// Runs ten targets, of which `silent` end only when the last one has begun. Returns the highest number of targets at
    /// a time.
    fn most_at_once(silent: &[usize], patience: Duration) -> usize {
        let (now, most, last) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let results = with_patience(
            patience,
            10,
            &Silent,
            |_| true,
            |number, progress| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                last.fetch_or(number == 9, Ordering::SeqCst);
                let start = Instant::now();
                while silent.contains(&number)
                    && !last.load(Ordering::SeqCst)
                    && start.elapsed() < Duration::from_mins(1)
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                progress.part("", 1).advance(1);
                now.fetch_sub(1, Ordering::SeqCst);
                number
            },
        );
        assert_eq!(results, (0..10).collect::<Vec<_>>());
        usize::try_from(most.into_inner()).unwrap()
    }

    #[test]
    fn a_silent_target_keeps_no_other_waiting() {
        assert_eq!(most_at_once(&[], Duration::from_mins(1)), 1);
        assert_eq!(most_at_once(&[0], Duration::from_millis(10)), 2);
        assert_eq!(most_at_once(&[1, 4, 5], Duration::from_millis(10)), 4);
    }

    #[test]
    fn a_target_that_gets_bytes_has_its_turn_alone() {
        let now = AtomicU64::new(0);
        with_patience(
            Duration::from_millis(150),
            3,
            &Silent,
            |_| true,
            |_, progress| {
                assert_eq!(now.fetch_add(1, Ordering::SeqCst), 0);
                for _ in 0..60 {
                    progress.part("", 1).advance(1);
                    std::thread::sleep(Duration::from_millis(5));
                }
                now.fetch_sub(1, Ordering::SeqCst);
            },
        );
    }
}
