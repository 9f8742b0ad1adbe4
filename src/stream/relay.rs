//! Bytes that one thread reads for another. A few buffers are passed back and forth between the two threads.

use super::read_buffered;
use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::Peek;
use crate::fault::repeat;
use crate::stop::Stop;

/// The size of a buffer: large enough that waking the other thread costs little compared to the bytes.
const CAPACITY: usize = 1024 * 1024;
/// The capacity of a pipe.
const PIECE: usize = 64 * 1024;

/// The end that reads the input.
pub(crate) struct Relay {
    full: SyncSender<io::Result<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
}

/// The end that passes the bytes on, on another thread.
pub(crate) struct Relayed {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    buffer: Vec<u8>,
    at: usize,
    /// Whether the other end reported the end of the input.
    done: bool,
    /// The error that follows the buffered bytes.
    failed: Option<io::Error>,
    /// Reports when waiting for the other end has to stop.
    stop: Stop,
}

/// The time to wait for the other end before `stop` is checked.
const PATIENCE: Duration = Duration::from_millis(50);

/// Returns the two ends, with at most `depth` buffers of 1 MiB in transit.
pub(crate) fn relay(depth: usize) -> (Relay, Relayed) {
    let (full, filled) = sync_channel(depth);
    let (empty, emptied) = channel();
    (
        Relay { full, empty: emptied },
        Relayed {
            full: filled,
            empty,
            buffer: Vec::new(),
            at: 0,
            done: false,
            failed: None,
            stop: Stop::default(),
        },
    )
}

impl Relay {
    /// Reads `input` to its end or to its first error, or until the other end is dropped.
    pub(crate) fn run(self, input: &mut dyn Read) {
        self.pass(|buffer| {
            buffer.resize(CAPACITY, 0);
            fill(input, buffer)
        });
    }

    /// Reads `input` to its end or to its first error, or until the other end is dropped. Each piece is
    /// passed on at once, for input that arrives slowly.
    pub(crate) fn run_promptly(self, input: &mut dyn Read) {
        self.pass(|buffer| {
            buffer.resize(PIECE, 0);
            let error = loop {
                match input.read(buffer) {
                    Ok(len) => return Ok(len),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => break error,
                }
            };
            Err((0, error))
        });
    }

    /// Passes on the bytes that `read` puts into a buffer, until `read` returns none.
    fn pass(self, mut read: impl FnMut(&mut Vec<u8>) -> Result<usize, (usize, io::Error)>) {
        loop {
            let mut buffer = self.empty.try_recv().unwrap_or_default();
            let (len, error) = match read(&mut buffer) {
                Ok(len) => (len, None),
                Err((len, error)) => (len, Some(error)),
            };
            buffer.truncate(len);
            // An empty buffer signals the end of the input.
            let is_last = len == 0 && error.is_none();
            let is_wanted = (len == 0 && !is_last) || self.full.send(Ok(buffer)).is_ok();
            if is_last || !is_wanted {
                return;
            }
            if let Some(error) = error {
                return self.fail(error);
            }
        }
    }

    /// Sends an error in place of bytes.
    pub(crate) fn fail(self, error: io::Error) {
        // The error has no receiver if the other end is dropped.
        let _ = self.full.send(Err(error));
    }
}

/// Reads until the buffer is full or the input ends. An error is returned with the number of bytes read
/// before it.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, (usize, io::Error)> {
    let mut len = 0;
    while let Some(room) = buffer.get_mut(len..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((len, error)),
        }
    }
    Ok(len)
}

impl Relayed {
    fn view(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Makes this end stop waiting for the other end when the scan has to end.
    pub(crate) fn until(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    fn receive(&self) -> io::Result<Vec<u8>> {
        loop {
            match self.full.recv_timeout(PATIENCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) => self.stop.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the thread that reads it ended early"));
                }
            }
        }
    }

    /// Appends the next bytes to the buffered bytes, if there are any.
    fn next(&mut self) {
        let mut next = match self.receive() {
            Ok(next) => next,
            Err(error) => return self.failed = Some(error),
        };
        self.done = next.is_empty();
        if !self.view().is_empty() {
            // Few bytes are left, and a parser needs them contiguous with the next bytes.
            next.splice(..0, self.view().iter().copied());
        }
        let read = std::mem::replace(&mut self.buffer, next);
        self.at = 0;
        // A buffer that was joined with earlier bytes has grown and is not reused.
        if (1..=CAPACITY).contains(&read.capacity()) {
            // After its last buffer, the other end needs no more buffers.
            let _ = self.empty.send(read);
        }
    }
}

impl Peek for Relayed {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        while self.view().len() < min && !self.done && self.failed.is_none() {
            self.next();
        }
        match &self.failed {
            Some(error) if self.view().len() < min => Err(repeat(error)),
            _ => Ok(self.view()),
        }
    }
}

impl BufRead for Relayed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.at = self.at.saturating_add(n).min(self.buffer.len());
    }
}

impl Read for Relayed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Code;
    use crate::stop::Cancel;

    /// Returns a number of bytes, and then an error if there is one.
    struct Input(usize, Option<io::Error>);

    impl Read for Input {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = out.len().min(self.0).min(1000);
            if n == 0
                && let Some(error) = self.1.take()
            {
                return Err(error);
            }
            self.0 -= n;
            out[..n].fill(7);
            Ok(n)
        }
    }

    fn relayed<T>(mut input: Input, read: impl FnOnce(Relayed) -> T) -> T {
        let (relay, relayed) = relay(2);
        std::thread::scope(|scope| {
            scope.spawn(move || relay.run(&mut input));
            read(relayed)
        })
    }

    #[test]
    fn everything_arrives() {
        for len in [0, 1, CAPACITY - 1, CAPACITY, CAPACITY + 1, 9 * CAPACITY + 5] {
            let mut out = Vec::new();
            relayed(Input(len, None), |mut relayed| relayed.read_to_end(&mut out)).unwrap();
            assert!(out == vec![7; len], "{len}");
        }
    }

    #[test]
    fn who_waits_for_bytes_hears_that_the_scan_has_to_end() {
        let (relay, relayed) = relay(2);
        let cancel = Cancel::default();
        let mut relayed = relayed.until(Stop::new(cancel.clone(), None));
        let (more, wait) = std::sync::mpsc::channel::<()>();
        let reader = std::thread::spawn(move || {
            let mut input = io::Cursor::new(b"first").chain(Waiting(wait));
            relay.run_promptly(&mut input);
        });
        let mut first = [0; 5];
        relayed.read_exact(&mut first).unwrap();
        cancel.cancel();
        assert_eq!(Code::of(&relayed.read(&mut first).unwrap_err()), Code::Cancelled);
        drop(more);
        reader.join().unwrap();
    }

    /// Returns nothing until the other end is dropped.
    struct Waiting(Receiver<()>);

    impl Read for Waiting {
        fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(0)
        }
    }

    #[test]
    fn as_much_as_asked_for_is_seen_ahead() {
        let len = 3 * CAPACITY + 5;
        relayed(Input(len, None), |mut relayed| {
            let mut left = len;
            while left > 0 {
                let view = relayed.peek(4096).unwrap();
                assert!(view.len() >= 4096.min(left) && view.len() <= left);
                assert!(view.iter().all(|&b| b == 7));
                relayed.consume(1777.min(left));
                left -= 1777.min(left);
            }
            assert_eq!(relayed.peek(9).unwrap(), b"");
        });
    }

    #[test]
    fn an_error_comes_behind_what_was_read_before_it() {
        for len in [0, 5, CAPACITY, CAPACITY + 1] {
            let mut out = Vec::new();
            let error = io::Error::other("broken");
            let outcome = relayed(Input(len, Some(error)), |mut relayed| relayed.read_to_end(&mut out));
            assert_eq!(outcome.unwrap_err().to_string(), "broken");
            assert_eq!(out.len(), len);
        }
    }

    #[test]
    fn a_thread_that_panics_is_no_end() {
        let (relay, mut relayed) = relay(2);
        let reader = std::thread::spawn(move || {
            relay.full.send(Ok(vec![7; 3])).unwrap();
            panic!("a test");
        });
        let mut out = Vec::new();
        let error = relayed.read_to_end(&mut out).unwrap_err();
        assert_eq!((out.len(), error.to_string().as_str()), (3, "the thread that reads it ended early"));
        assert!(reader.join().is_err());
    }

    #[test]
    fn a_reader_that_stops_early_stops_the_other_end() {
        let first = relayed(Input(usize::MAX, None), |mut relayed| relayed.read(&mut [0; 9]));
        assert_eq!(first.unwrap(), 9);
    }
}
