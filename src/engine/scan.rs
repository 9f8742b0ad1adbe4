//! One scan, as all that reads for it sees it.

use std::collections::BTreeMap;
use std::fs::File;
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
use crate::stream::{Member, Party, relay};
use crate::unpack::Unpacker;

/// Pieces of a pipe that are on their way at most.
const PIECES: usize = 16;

/// What a scan carries to wherever bytes are fetched: why it may have to end, what it may remember, and who is told how
/// far it is.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) stop: &'a Stop,
    pub(crate) budget: &'a Budget,
    pub(crate) progress: &'a dyn Progress,
}

impl<'a> Scan<'a> {
    /// A reader of the scan's: it ends with the scan, and its bytes count as progress.
    pub(crate) fn reader<R: Read>(self, input: R) -> Reader<'a, R> {
        Reader { scan: self, input, counts: true }
    }

    /// As [`Self::reader`], for bytes that were not announced.
    pub(crate) fn uncounted<R: Read>(self, input: R) -> Reader<'a, R> {
        Reader { scan: self, input, counts: false }
    }

    /// What can be read from a file or pipe. Reading a pipe may wait for somebody else without end: that is left to a thread
    /// of its own, which the scan gives up when it has to end.
    pub(crate) fn input(self, mut input: File) -> Box<dyn Read + Send> {
        if input.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Box::new(input);
        }
        let (reader, relayed) = relay(PIECES);
        std::thread::spawn(move || reader.run_promptly(&mut input));
        Box::new(relayed.until(self.stop.clone()))
    }

    /// Searches what lies within files, until the scan has to end.
    pub(crate) fn unpacker(self) -> Unpacker {
        Unpacker::new(self.stop)
    }

    /// What `work` gives for each number below `count`, in that order, done on all threads. Where the scan has to end, that
    /// is not all.
    pub(crate) fn map<T: Send>(self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.map_waiting(count, 0, |number, _| work(number))
    }

    /// As [`Self::map`], where up to `waiting` threads more than there are cores lend theirs while they wait.
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

    /// Has this thread read one blob: its large windows are taken in turn with those of all scans.
    pub(crate) fn begin_blob(self) -> Member {
        Party::new(self.engine.gate.clone(), self.stop.clone()).join()
    }

    /// The problem that the scan has to end before all is read. Asked behind the reading of something, where decoders may
    /// have ended early without an error.
    pub(crate) fn cut_short(self) -> Option<Problem> {
        self.stop.check().err().map(|error| Problem::of(&error, Place::Here))
    }
}

/// Bytes that are read for a scan.
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

/// Does `work`, which reads one thing. A panic is a problem of that thing alone.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Problem> {
    panics::contain(work).ok_or_else(|| {
        let detail = Message::own(concat!(
            "stowaway ",
            env!("CARGO_PKG_VERSION"),
            " failed while it read this; please report that to its maintainers, with what stands on standard error"
        ));
        Problem::error(Code::Internal, Place::Here, detail)
    })
}
