//! The memory that decoders hold for back-references: windows, dictionaries, blocks. All parties share a pool
//! of memory for windows of ordinary size. Beyond that, only one party at a time may hold more. A party is the
//! set of threads that read one blob, most often a single thread. Parties that share a [`Gate`] wait for each
//! other.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{Code, Fault};
use crate::stop::Stop;

const MIB: u64 = 1024 * 1024;
/// The largest window that may come from the pool.
const COMMON: u64 = 8 * MIB;
/// The size of the pool, which all parties share.
const POOL: u64 = 32 * MIB;
/// The largest window that is decoded: the window of `zstd --long`, as the format recommends.
pub(super) const MAX_WINDOW: u64 = 128 * MIB;
/// The maximum memory of nested streams together.
const MAX_TOGETHER: u64 = 256 * MIB;

/// The time that a party waits for its turn before it checks whether its audit has to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// Hands out the pool, and admits one party at a time beyond it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Lent>, Condvar)>);

/// The memory that parties hold.
#[derive(Debug, Default)]
struct Lent {
    /// The bytes that are taken from the pool.
    pooled: u64,
    /// Whether a party has its turn.
    turn: bool,
}

/// The way in which memory was obtained.
#[derive(Debug)]
enum Grant {
    Pool,
    Turn(Turn),
}

impl Gate {
    /// Takes `bytes` from the pool. If they do not fit, or if the window is too large for the pool, waits
    /// until no other party has its turn. Fails if the audit has to end.
    fn wait(&self, bytes: u64, stop: &Stop) -> io::Result<Grant> {
        let (lock, freed) = &*self.0;
        let mut lent = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if bytes <= COMMON && lent.pooled + bytes <= POOL {
                lent.pooled += bytes;
                return Ok(Grant::Pool);
            }
            if !lent.turn {
                lent.turn = true;
                return Ok(Grant::Turn(Turn(self.clone())));
            }
            stop.check()?;
            lent = freed.wait_timeout(lent, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Lent)) {
        let (lock, freed) = &*self.0;
        change(&mut lock.lock().unwrap_or_else(PoisonError::into_inner));
        freed.notify_all();
    }

    #[cfg(test)]
    pub(super) fn pooled(&self) -> u64 {
        self.lent().0
    }

    #[cfg(test)]
    fn lent(&self) -> (u64, bool) {
        let lent = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        (lent.pooled, lent.turn)
    }
}

/// The right to hold more than the pool has left. The holder never waits for another party.
#[derive(Debug)]
struct Turn(Gate);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.change(|lent| lent.turn = false);
    }
}

thread_local! {
    static PARTY: RefCell<Party> = RefCell::default();
    /// A decoder that this thread keeps for the next stream, with the memory that it holds.
    static SPARE: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
}

/// Keeps a decoder with its memory until the next stream takes it, or until this thread needs other memory.
pub(super) fn keep_spare(decoder: impl Any) {
    SPARE.set(Some(Box::new(decoder)));
}

/// Returns the decoder that this thread keeps, if it is of this type.
pub(super) fn take_spare<T: Any>() -> Option<T> {
    SPARE.take()?.downcast().ok().map(|decoder| *decoder)
}

fn drop_spare() {
    SPARE.take();
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
        drop_spare();
        Member { before: PARTY.replace(self) }
    }

    /// Returns true if other parties may have to wait until this one has returned memory.
    pub(crate) fn has_turn(&self) -> bool {
        self.taken(|taken| taken.turn.is_some())
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
        drop_spare();
        PARTY.set(std::mem::take(&mut self.before));
    }
}

/// The memory that the nested decoders of a party hold.
#[derive(Debug, Default)]
struct Taken {
    bytes: u64,
    /// The bytes that are not from the pool.
    in_turn: u64,
    /// The turn of the party.
    turn: Option<Turn>,
}

/// Memory that is held until this value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: u64,
    is_pooled: bool,
    party: Party,
}

impl Held {
    /// Returns an empty reservation.
    pub(super) fn none() -> Self {
        Self { bytes: 0, is_pooled: true, party: Party::current() }
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
        drop_spare();
        let party = Party::current();
        let is_pooled = party.taken(|taken| {
            let together = taken.bytes + bytes;
            if together > MAX_TOGETHER {
                let (need, limit) = (together.div_ceil(MIB), MAX_TOGETHER / MIB);
                return Err(Fault::io(Code::Limit, format!(
                    "{who} and the streams it is in need windows of {need} MiB together, more than the limit of {limit} MiB"
                )));
            }
            let is_pooled = if taken.turn.is_some() {
                false
            } else {
                match party.gate.wait(bytes, &party.stop)? {
                    Grant::Pool => true,
                    Grant::Turn(turn) => {
                        taken.turn = Some(turn);
                        false
                    }
                }
            };
            taken.bytes = together;
            taken.in_turn += if is_pooled { 0 } else { bytes };
            Ok(is_pooled)
        })?;
        Ok(Self { bytes, is_pooled, party })
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
        self.party.taken(|taken| {
            taken.bytes -= self.bytes;
            if !self.is_pooled {
                taken.in_turn -= self.bytes;
            }
            if taken.in_turn == 0 {
                taken.turn = None;
            }
        });
        if self.is_pooled && self.bytes > 0 {
            self.party.gate.change(|lent| lent.pooled -= self.bytes);
        }
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
        assert!(gate.lent().1);
        let inner = Held::window(128 * MIB, "b").unwrap();
        drop(outer);
        assert!(gate.lent().1, "while the inner one is there");
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
        assert!(gate.lent().1);
        drop(fifth);
        assert!(!gate.lent().1);
        drop(common);
        assert_eq!(Party::current().taken(|taken| (taken.bytes, taken.in_turn)), (0, 0));
        assert_eq!(gate.lent(), (0, false));
    }

    #[test]
    fn parties_share_the_pool() {
        let gate = Gate::default();
        let (now, most) = (Mutex::new(0), Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    let _member = Party::new(gate.clone(), Stop::default()).join();
                    for bytes in [8 * MIB, 3 * MIB, 8 * MIB] {
                        let outer = Held::window(bytes, "a").unwrap();
                        let inner = Held::window(2 * MIB, "b").unwrap();
                        *now.lock().unwrap() += bytes + 2 * MIB;
                        let held = *now.lock().unwrap();
                        let mut most = most.lock().unwrap();
                        *most = held.max(*most);
                        drop(most);
                        std::thread::sleep(Duration::from_millis(2));
                        *now.lock().unwrap() -= bytes + 2 * MIB;
                        drop((outer, inner));
                    }
                });
            }
        });
        let most = most.into_inner().unwrap();
        assert!(most > 16 * MIB && most <= POOL + 10 * MIB, "{most}");
        assert_eq!(gate.lent(), (0, false));
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
        assert!(!gate.lent().1);
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
