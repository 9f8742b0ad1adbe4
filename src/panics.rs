//! Containment of panics. A panic is a bug in stowaway or in a library. It ends one piece of work, not the
//! process.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// Whether a panic of the current thread is an expected result.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` and returns `None` if it panics. State that `work` has changed must then be checked again or
/// discarded.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Runs `work` like [`contain`], for work in which a panic is an ordinary result that is not reported.
pub(crate) fn contain_quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    let done = contain(work);
    EXPECTED.set(before);
    done
}

/// Makes panics print only their location, for a program whose threads do nothing but audit. The message of a
/// panic is not shown, because it may quote bytes that were read.
pub(crate) fn tell_place_alone() {
    panic::set_hook(Box::new(|info| {
        if !EXPECTED.try_with(Cell::get).unwrap_or(false) {
            eprintln!("stowaway: internal error{}", place(info));
        }
    }));
}

fn place(info: &PanicHookInfo<'_>) -> String {
    info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing() {
        assert_eq!(contain_quietly(|| 1), Some(1));
        assert_eq!(contain_quietly(|| -> u8 { panic!("as a broken file makes it") }), None);
        assert!(!EXPECTED.get());
        assert_eq!(contain(|| 2), Some(2));
    }
}
