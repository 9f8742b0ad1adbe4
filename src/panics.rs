//! Panics: each is a fault of stowaway's own or of a library, and ends one piece of work rather than the process.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// Whether a panic of this thread is an answer that is expected.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`; nothing where it panics. What the work has changed must be judged anew or be thrown away.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// As [`contain`], where a panic is an answer like another that nobody has to hear of.
pub(crate) fn contain_quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    let done = contain(work);
    EXPECTED.set(before);
    done
}

/// Has the process say where it panicked, for a program whose threads do nothing but audit. The message of a panic may
/// quote what was read, so it is not shown.
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
