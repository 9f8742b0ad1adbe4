//! The view that readers have of one scan.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use super::Engine;
use super::budget::Budget;
use super::permits::Permit;
use super::progress::Progress;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::Message;
use crate::panics;
use crate::stop::Stop;
use crate::stream::{Member, Party};
use crate::unpack::Unpacker;

/// The context of a scan, available wherever bytes are read: the reasons to end early, the memory budget, and
/// the receiver of progress.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) stop: &'a Stop,
    pub(crate) budget: &'a Budget,
    pub(crate) progress: &'a dyn Progress,
}

impl<'a> Scan<'a> {
    /// Wraps a reader for this scan. It ends with the scan, and its bytes count as progress.
    pub(crate) fn reader<R: Read>(self, input: R) -> Reader<'a, R> {
        Reader { scan: self, input, counts: true }
    }

    /// Wraps a reader for this scan whose bytes were not announced and do not count as progress.
    pub(crate) fn uncounted<R: Read>(self, input: R) -> Reader<'a, R> {
        Reader { scan: self, input, counts: false }
    }

    /// Returns an unpacker that searches nested content until the scan has to end.
    pub(crate) fn unpacker(self) -> Unpacker {
        Unpacker::new(self.stop)
    }

    /// Returns the results of `work` for each number below `count`, in order, computed on all threads. If the
    /// scan has to end, some results are missing.
    pub(crate) fn map<T: Send>(self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.map_waiting(count, 0, |number, _| work(number))
    }

    /// Returns the results of `work` like [`Self::map`], but with up to `waiting` additional threads. Threads
    /// lend their cores while they wait.
    pub(super) fn map_waiting<T: Send>(
        self,
        count: usize,
        waiting: usize,
        work: impl Fn(usize, &mut Permit<'_>) -> T + Sync,
    ) -> Vec<T> {
        let done = Mutex::new(BTreeMap::new());
        self.engine.for_each(self.stop, count, waiting, |number, core| {
            let outcome = work(number, core);
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(number, outcome);
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    /// Keeps what was found, as far as the budget allows, and ends the scan if one finding is enough. Returns false if not
    /// all of it was kept.
    pub(super) fn keep<T>(self, found: &mut Vec<T>) -> bool {
        if !found.is_empty() {
            self.stop.found();
        }
        self.budget.keep(found)
    }

    /// Registers the current thread as the reader of one blob. Its large windows are taken in turn with those
    /// of all scans.
    pub(crate) fn begin_blob(self) -> Member {
        Party::new(self.engine.gate.clone(), self.stop.clone()).join()
    }

    /// Returns the problem that the scan has to end before everything is read. It is checked after each read
    /// operation, because decoders may have ended early without an error.
    pub(crate) fn cut_short(self) -> Option<Problem> {
        self.stop.check().err().map(|error| Problem::of(&error, Place::Here))
    }
}

/// A reader for a scan.
pub(crate) struct Reader<'a, R> {
    scan: Scan<'a>,
    input: R,
    counts: bool,
}

impl<R: Read> Read for Reader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.scan.stop.check()?;
        let n = self.input.read(out)?;
        if self.counts {
            self.scan.progress.advance(n as u64);
        }
        Ok(n)
    }
}

/// Runs `work`, which reads one item. A panic becomes a problem of that item alone.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Problem> {
    panics::contain(work).ok_or_else(|| {
        let detail = Message::own(concat!(
            "stowaway ",
            env!("CARGO_PKG_VERSION"),
            " failed while it read this; please report it to the maintainers, with the message on standard error"
        ));
        Problem::error(Code::Internal, Place::Here, detail)
    })
}
