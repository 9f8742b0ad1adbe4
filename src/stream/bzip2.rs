//! Bzip2, one stream after another.

use std::io::{self, Read};

use bzip2::{Decompress, Status};

use super::memory::Held;
use super::window::Peek;

/// What a decoder needs for the largest block there is: four bytes for each of 900,000, and tables.
const MEMORY: u64 = 4 * 1024 * 1024;

/// Decompresses one stream.
pub(super) struct Bzip2<R> {
    input: R,
    decoder: Decompress,
    /// An error behind bytes that were given.
    failed: Option<io::Error>,
    done: bool,
    _held: Held,
}

impl<R: Peek> Bzip2<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        let held = Held::window(MEMORY, "a bzip2 stream")?;
        Ok(Self { input, decoder: Decompress::new(false), failed: None, done: false, _held: held })
    }

    /// The input, which stands behind the stream once that has been read to its end.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// One step: how many bytes were written, and how it went.
    fn step(&mut self, out: &mut [u8]) -> io::Result<(usize, io::Result<()>)> {
        let view = self.input.fill_buf()?;
        let at_end = view.is_empty();
        let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress(view, out);
        let consumed = usize::try_from(self.decoder.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(self.decoder.total_out() - written).unwrap_or(usize::MAX);
        self.input.consume(consumed);
        let outcome = match status {
            Ok(Status::StreamEnd) => {
                self.done = true;
                Ok(())
            }
            Ok(Status::MemNeeded) => Err((io::ErrorKind::OutOfMemory, "there is not enough memory")),
            Ok(_) if consumed > 0 || written > 0 => Ok(()),
            Ok(_) if at_end => {
                Err((io::ErrorKind::UnexpectedEof, "the bzip2 stream breaks off before its end"))
            }
            Ok(_) | Err(_) => Err((io::ErrorKind::InvalidData, "the bzip2 stream is corrupt")),
        };
        Ok((written, outcome.map_err(|(kind, message)| io::Error::new(kind, message))))
    }
}

impl<R: Peek> Read for Bzip2<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            self.done = true;
            return Err(error);
        }
        while !self.done && !out.is_empty() {
            let (written, outcome) = self.step(out)?;
            match outcome {
                Err(error) if written > 0 => self.failed = Some(error),
                outcome => outcome?,
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
