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
use tempfile::{NamedTempFile, TempPath};

static LEFTOVERS: Mutex<Leftovers> = Mutex::new(Leftovers { files: Vec::new(), bars: None });

struct Leftovers {
    /// Dropping one removes the file.
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

/// Starts to wait for Ctrl-C and SIGTERM. Where that cannot be done, the kernel's default is left.
pub(super) fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let mut leftovers = leftovers();
            leftovers.files.clear();
            if let Some(bars) = leftovers.bars.take() {
                let _ = bars.clear();
            }
            // The lock is held until the end: nobody gets to rename a file that is gone.
            std::process::exit(128 + signal);
        }
    });
}

/// A temporary file. It is removed when it is dropped, and when the process is interrupted.
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
}

impl Temporary {
    /// Takes the file that `make` makes; no interruption comes between making and remembering it.
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

    /// Renames the file to `place`, once all that was written is on the disk.
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

/// Progress bars may be on the terminal.
pub(super) fn remember_bars(bars: MultiProgress) {
    leftovers().bars = Some(bars);
}
