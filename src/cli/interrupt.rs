//! What is put in order when the process is interrupted.
//!
//! A handler is needed for two things: temporary files go, and the exit code is 130 also where the
//! kernel's default would do nothing, as it does for a container's first process. `signal-hook` waits
//! for signals in a plain thread, so that nothing here has to be async-signal-safe.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::MultiProgress;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static LEFTOVERS: Mutex<Leftovers> = Mutex::new(Leftovers { file: None, bars: None });

struct Leftovers {
    file: Option<PathBuf>,
    bars: Option<MultiProgress>,
}

fn leftovers() -> MutexGuard<'static, Leftovers> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to wait for Ctrl-C and SIGTERM. Where that cannot be done, the kernel's default is left.
pub(super) fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let mut leftovers = leftovers();
            if let Some(file) = leftovers.file.take() {
                let _ = std::fs::remove_file(file);
            }
            if let Some(bars) = leftovers.bars.take() {
                let _ = bars.clear();
            }
            // The lock is held until the end: nobody gets to rename a file that is gone.
            std::process::exit(128 + signal);
        }
    });
}

/// Makes the temporary file of the process; no interruption comes between making and remembering it.
pub(super) fn make_file(path: &Path, make: impl FnOnce() -> io::Result<File>) -> io::Result<File> {
    let mut leftovers = leftovers();
    let file = make()?;
    leftovers.file = Some(path.to_owned());
    Ok(file)
}

/// Does to the temporary file what ends its being temporary; no interruption comes between.
pub(super) fn settle_file<T>(settle: impl FnOnce() -> T) -> T {
    let mut leftovers = leftovers();
    let outcome = settle();
    leftovers.file = None;
    outcome
}

/// Progress bars may be on the terminal.
pub(super) fn remember_bars(bars: MultiProgress) {
    leftovers().bars = Some(bars);
}
