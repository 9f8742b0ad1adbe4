//! The memory that decoders hold for back-references: windows, dictionaries, blocks. All parties may hold
//! small amounts at the same time, but only one party at a time may hold a large amount. A party is the set
//! of threads that read one blob, most often a single thread. Parties that share a [`Gate`] wait for each
//! other.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{Code, Fault};
use crate::stop::Stop;

const MIB: u64 = 1024 * 1024;
/// The largest window that all parties may use at the same time.
const COMMON: u64 = 8 * MIB;
/// The memory that nested streams may hold together before they count as a large window.
const COMMON_TOGETHER: u64 = 32 * MIB;
/// The largest window that is decoded: the window of `zstd --long`, as the format recommends.
pub(super) const MAX_WINDOW: u64 = 128 * MIB;
/// The maximum memory of nested streams together.
const MAX_TOGETHER: u64 = 256 * MIB;

/// The time that a party waits for its turn before it checks whether its audit has to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// Admits one party at a time to large windows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Waits until no other party has its turn. Fails if the audit has to end.
    fn wait(&self, stop: &Stop) -> io::Result<Turn> {
        let (lock, freed) = &*self.0;
        let mut taken = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            stop.check()?;
            taken = freed.wait_timeout(taken, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = true;
        Ok(Turn(self.clone()))
    }

    #[cfg(test)]
    fn is_free(&self) -> bool {
        !*self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to decode with large windows. The holder never waits for another party.
#[derive(Debug)]
struct Turn(Gate);

impl Drop for Turn {
    fn drop(&mut self) {
        let (lock, freed) = &*self.0.0;
        *lock.lock().unwrap_or_else(PoisonError::into_inner) = false;
        freed.notify_one();
    }
}

thread_local! {
    static PARTY: RefCell<Party> = RefCell::default();
}

/// The threads that read one blob. Their memory is counted together, like the memory of nested streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Party {
    gate: Gate,
    stop: Stop,
    taken: Arc<Mutex<Taken>>,
}

impl Party {
    /// Creates a party. It waits for the other parties of the gate until its audit has to end.
    pub(crate) fn new(gate: Gate, stop: Stop) -> Self {
        Self { gate, stop, taken: Arc::default() }
    }

    /// Returns the party of this thread.
    pub(crate) fn current() -> Self {
        PARTY.with_borrow(Self::clone)
    }

    /// Makes this thread a member of the party until the returned value is dropped.
    #[must_use]
    pub(crate) fn join(self) -> Member {
        Member { before: PARTY.replace(self) }
    }

    fn taken<T>(&self, change: impl FnOnce(&mut Taken) -> T) -> T {
        change(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The membership of this thread in a party.
#[derive(Debug)]
pub(crate) struct Member {
    before: Party,
}

impl Drop for Member {
    fn drop(&mut self) {
        PARTY.set(std::mem::take(&mut self.before));
    }
}

/// The memory that the nested decoders of a party hold.
#[derive(Debug, Default)]
struct Taken {
    bytes: u64,
    /// The number of decoders with a large window.
    large: usize,
    /// The turn of the party at large windows.
    turn: Option<Turn>,
}

/// Memory that is held until this value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: u64,
    party: Party,
}

impl Held {
    /// Returns an empty reservation.
    pub(super) fn none() -> Self {
        Self { bytes: 0, party: Party::current() }
    }

    /// Reserves memory for a window of `bytes`. Waits for the turn of this party if necessary. `who` is the
    /// name in the error for a size above the limit, as in "a zstd frame".
    pub(super) fn window(bytes: u64, who: &str) -> io::Result<Self> {
        if bytes > MAX_WINDOW {
            let (need, limit) = (bytes.div_ceil(MIB), MAX_WINDOW / MIB);
            return Err(Fault::io(
                Code::Limit,
                format!("{who} needs a window of {need} MiB, more than the limit of {limit} MiB"),
            ));
        }
        let party = Party::current();
        party.taken(|taken| {
            let together = taken.bytes + bytes;
            if together > MAX_TOGETHER {
                let (need, limit) = (together.div_ceil(MIB), MAX_TOGETHER / MIB);
                return Err(Fault::io(Code::Limit, format!(
                    "{who} and the streams it is in need windows of {need} MiB together, more than the limit of {limit} MiB"
                )));
            }
            if (bytes > COMMON || together > COMMON_TOGETHER) && taken.turn.is_none() {
                taken.turn = Some(party.gate.wait(&party.stop)?);
            }
            taken.bytes = together;
            taken.large += usize::from(bytes > COMMON);
            Ok(())
        })?;
        Ok(Self { bytes, party })
    }

    /// Returns the amount of memory.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns true if other parties have to wait for this memory.
    pub(super) fn is_large(&self) -> bool {
        self.bytes > COMMON
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let is_large = self.is_large();
        self.party.taken(|taken| {
            taken.bytes -= self.bytes;
            taken.large -= usize::from(is_large);
            if taken.large == 0 && taken.bytes <= COMMON_TOGETHER {
                taken.turn = None;
            }
        });
    }
}

/// Reserves memory for something other than a window, under the same rules: while a large amount is held,
/// other parties that need a large amount wait.
pub(crate) fn hold_memory(bytes: u64, who: &str) -> io::Result<Held> {
    Held::window(bytes, who)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Cancel;

    #[test]
    fn large_windows_are_taken_by_one_party_at_a_time() {
        let gate = Gate::default();
        let _member = Party::new(gate.clone(), Stop::default()).join();
        let outer = Held::window(64 * MIB, "a").unwrap();
        assert!(!gate.is_free());
        let inner = Held::window(128 * MIB, "b").unwrap();
        drop(outer);
        assert!(!gate.is_free(), "while the inner one is there");
        let error = Held::window(129 * MIB, "c").unwrap_err();
        assert!(crate::fault::is_limit(&error));
        assert_eq!(error.to_string(), "c needs a window of 129 MiB, more than the limit of 128 MiB");
        let other = Held::window(128 * MIB, "d").unwrap();
        let error = Held::window(1, "e").unwrap_err();
        assert!(error.to_string().contains("together, more than the limit of 256 MiB"), "{error}");
        let waits = std::thread::spawn({
            let gate = gate.clone();
            move || {
                let _member = Party::new(gate, Stop::default()).join();
                Held::window(MAX_WINDOW, "f").is_ok()
            }
        });
        drop((inner, other));
        assert!(waits.join().unwrap());
        let common: Vec<Held> = (0..4).map(|_| Held::window(8 * MIB, "g").unwrap()).collect();
        let fifth = Held::window(8 * MIB, "h").unwrap();
        assert!(!gate.is_free());
        drop(fifth);
        assert!(gate.is_free());
        drop(common);
        assert_eq!(Party::current().taken(|taken| (taken.bytes, taken.large)), (0, 0));
    }

    #[test]
    fn a_party_that_waits_hears_that_its_audit_has_to_end() {
        let gate = Gate::default();
        let cancel = Cancel::default();
        let _member = Party::new(gate.clone(), Stop::default()).join();
        let held = Held::window(MAX_WINDOW, "a").unwrap();
        let waiting = std::thread::spawn({
            let (gate, stop) = (gate.clone(), Stop::new(cancel.clone(), None));
            move || {
                let _member = Party::new(gate, stop).join();
                Held::window(MAX_WINDOW, "b").map(drop)
            }
        });
        cancel.cancel();
        assert_eq!(Code::of(&waiting.join().unwrap().unwrap_err()), Code::Cancelled);
        drop(held);
        assert!(gate.is_free());
    }

    #[test]
    fn a_thread_goes_back_to_the_party_that_it_was_in() {
        let _outer = Party::default().join();
        let held = Held::window(1, "a").unwrap();
        let inner = Party::default().join();
        assert_eq!(Party::current().taken(|taken| taken.bytes), 0);
        drop(inner);
        assert_eq!(Party::current().taken(|taken| taken.bytes), 1);
        drop(held);
    }
}
