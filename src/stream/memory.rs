//! The memory that decoders take for what they may refer back to: windows, dictionaries, blocks. Small ones
//! are taken by all parties at once, large ones by one party at a time: a party is the threads that read one blob
//! together, most often one alone.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::fault::{Code, Fault};

const MIB: u64 = 1024 * 1024;
/// Windows up to this size are decoded by all parties at once.
const COMMON: u64 = 8 * MIB;
/// Streams within each other may take so much together before they count as a large window.
const COMMON_TOGETHER: u64 = 32 * MIB;
/// The largest window that is decoded at all: what `zstd --long` needs, as the format recommends.
pub(super) const MAX_WINDOW: u64 = 128 * MIB;
/// What streams within each other may take together.
const MAX_TOGETHER: u64 = 256 * MIB;

/// Whether some party decodes with large windows. It must not wait for another one meanwhile.
static LARGE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

thread_local! {
    static PARTY: RefCell<Party> = RefCell::default();
}

/// The threads that read one blob together. What they take counts together, as that of streams within each other.
#[derive(Debug, Clone, Default)]
pub struct Party(Arc<Mutex<Taken>>);

impl Party {
    /// The one that this thread belongs to.
    pub fn current() -> Self {
        PARTY.with_borrow(Self::clone)
    }

    /// Makes this thread belong to the party, until it ends.
    pub fn join(self) {
        PARTY.set(self);
    }

    fn taken<T>(&self, change: impl FnOnce(&mut Taken) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the decoders of a party hold, one within the other.
#[derive(Debug, Default)]
struct Taken {
    bytes: u64,
    /// How many of them have a large window.
    large: usize,
    /// The party's turn at large windows.
    turn: Option<Turn>,
}

/// The right to decode with large windows.
#[derive(Debug)]
struct Turn;

impl Turn {
    /// Waits until no other party has it.
    fn wait() -> Self {
        let taken = LARGE.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = LARGE.1.wait_while(taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner);
        *taken = true;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *LARGE.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        LARGE.1.notify_one();
    }
}

/// Memory that is taken until this is dropped.
#[derive(Debug)]
pub struct Held {
    bytes: u64,
    party: Party,
}

impl Held {
    /// Nothing.
    pub(super) fn none() -> Self {
        Self { bytes: 0, party: Party::current() }
    }

    /// Takes memory for a window of `bytes`, waiting until it is this party's turn where that is needed.
    /// `who` is named in the error where it is more than the limit, as in "a zstd frame".
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
                taken.turn = Some(Turn::wait());
            }
            taken.bytes = together;
            taken.large += usize::from(bytes > COMMON);
            Ok(())
        })?;
        Ok(Self { bytes, party })
    }

    /// How much is taken.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether other parties have to wait for it.
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

/// Takes memory for something else than a window, under the same rules: while much of it is held, other parties
/// that need much wait.
pub fn hold_memory(bytes: u64, who: &str) -> io::Result<Held> {
    Held::window(bytes, who)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> bool {
        !*LARGE.0.lock().unwrap()
    }

    #[test]
    fn large_windows_are_taken_by_one_party_at_a_time() {
        let outer = Held::window(64 * MIB, "a").unwrap();
        assert!(!free());
        let inner = Held::window(128 * MIB, "b").unwrap();
        drop(outer);
        assert!(!free(), "while the inner one is there");
        let error = Held::window(129 * MIB, "c").unwrap_err();
        assert!(crate::fault::is_limit(&error));
        assert_eq!(error.to_string(), "c needs a window of 129 MiB, more than the limit of 128 MiB");
        let other = Held::window(128 * MIB, "d").unwrap();
        let error = Held::window(1, "e").unwrap_err();
        assert!(error.to_string().contains("together, more than the limit of 256 MiB"), "{error}");
        drop((inner, other));
        let waits = std::thread::spawn(|| Held::window(MAX_WINDOW, "f").is_ok());
        assert!(waits.join().unwrap());
        let common: Vec<Held> = (0..4).map(|_| Held::window(8 * MIB, "g").unwrap()).collect();
        let fifth = Held::window(8 * MIB, "h").unwrap();
        assert!(Party::current().taken(|taken| taken.turn.is_some()));
        drop(fifth);
        assert!(Party::current().taken(|taken| taken.turn.is_none()));
        drop(common);
        assert_eq!(Party::current().taken(|taken| (taken.bytes, taken.large)), (0, 0));
    }
}
