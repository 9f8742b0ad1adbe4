//! Cleanup on an interrupt.
//!
//! A handler is needed for two reasons. Temporary files must be removed. And the exit code must be 130 even if
//! the kernel's default is to ignore the signal, as for the first process of a container. `signal-hook` waits
//! for signals in an ordinary thread, so nothing here has to be async-signal-safe.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::MultiProgress;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::{NamedTempFile, TempPath};

static LEFTOVERS: Mutex<Leftovers> = Mutex::new(Leftovers { files: Vec::new(), bars: None });

struct Leftovers {
    /// Each file is removed when its entry is dropped.
    files: Vec<TempPath>,
    bars: Option<MultiProgress>,
}

impl Leftovers {
    fn take(&mut self, file: &Path) -> Option<TempPath> {
        let at = self.files.iter().position(|known| **known == *file)?;
        Some(self.files.swap_remove(at))
    }
}

fn leftovers() -> MutexGuard<'static, Leftovers> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to wait for Ctrl-C and SIGTERM. If that fails, the kernel's default behaviour remains.
pub(super) fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let mut leftovers = leftovers();
            leftovers.files.clear();
            if let Some(bars) = leftovers.bars.take() {
                let _ = bars.clear();
            }
            // The lock is held until the exit, so that no other thread renames a file that has been removed.
            std::process::exit(128 + signal);
        }
    });
}

/// A temporary file. It is removed when it is dropped, or when the process is interrupted.
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
}

impl Temporary {
    /// Creates the file with `make`. The lock prevents an interrupt between creating and remembering it.
    pub(super) fn new(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        let mut leftovers = leftovers();
        let (file, path) = make()?.into_parts();
        let temporary = Self { file, path: path.to_path_buf() };
        leftovers.files.push(path);
        Ok(temporary)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Renames the file to `place`, after its content has been flushed to disk.
    pub(super) fn persist(self, place: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        let mut leftovers = leftovers();
        let path = leftovers.take(&self.path).ok_or(io::ErrorKind::NotFound)?;
        path.persist(place).map_err(|failed| failed.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(leftovers().take(&self.path));
    }
}

/// Registers progress bars, which may be on the terminal at an interrupt.
pub(super) fn remember_bars(bars: MultiProgress) {
    leftovers().bars = Some(bars);
}
