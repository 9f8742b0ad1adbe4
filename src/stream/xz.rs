//! The formats of LZMA's dictionary coder: .xz stream by stream, .lz member by member, and .lzma. The C
//! library reports the required dictionary size before it allocates the dictionary.

use crate::fault::{Code, Fault};
use std::io::{self, Read};

use liblzma::stream::{Action, Error, Status, Stream};

use super::Compression;
use super::memory::{Held, MAX_WINDOW};
use super::window::Peek;

/// The smallest memory limit of a decoder. The limit is doubled up to [`MAX_WINDOW`].
const SMALLEST: u64 = 1024 * 1024;
/// The maximum memory that a decoder needs in addition to its dictionary.
const OVERHEAD: u64 = 512 * 1024;

/// Decompresses one stream.
pub(super) struct Xz<R> {
    input: R,
    stream: Stream,
    format: &'static str,
    /// An error that follows bytes that were already returned.
    failed: Option<io::Error>,
    done: bool,
    held: Held,
}

impl<R: Peek> Xz<R> {
    /// Creates a decoder for one of the three formats. The format is .xz for any other value.
    pub(super) fn new(compression: Compression, input: R) -> io::Result<Self> {
        let limit = SMALLEST + OVERHEAD;
        let stream = match compression {
            Compression::Lzip => Stream::new_lzip_decoder(limit, 0),
            Compression::Lzma => Stream::new_lzma_decoder(limit),
            _ => Stream::new_stream_decoder(limit, 0),
        }?;
        let held = Held::window(SMALLEST, "a decoder")?;
        Ok(Self { input, stream, format: compression.name(), failed: None, done: false, held })
    }

    /// Returns the input. After the stream has been read to its end, the position is after the stream.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Reserves the memory that the next block needs.
    fn enlarge(&mut self) -> io::Result<()> {
        let mut window = self.held.bytes();
        while window < MAX_WINDOW {
            window *= 2;
            if self.stream.set_memlimit(window + OVERHEAD).is_ok() {
                self.held = Held::none();
                self.held = Held::window(window, &format!("the {} stream", self.format))?;
                return Ok(());
            }
        }
        let (format, limit) = (self.format, MAX_WINDOW >> 20);
        let message = format!("the {format} stream needs a dictionary of more than the limit of {limit} MiB");
        Err(Fault::io(Code::Limit, message))
    }

    /// Performs one step. Returns the number of bytes written and the outcome.
    fn step(&mut self, out: &mut [u8]) -> io::Result<(usize, io::Result<()>)> {
        let view = self.input.fill_buf()?;
        let at_end = view.is_empty();
        let (read, written) = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.process(view, out, Action::Run);
        let consumed = usize::try_from(self.stream.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(self.stream.total_out() - written).unwrap_or(usize::MAX);
        self.input.consume(consumed);
        let outcome = match status {
            Ok(Status::StreamEnd) => {
                self.done = true;
                Ok(())
            }
            Ok(_) if at_end && written == 0 => {
                let message = format!("the {} stream ends early", self.format);
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
            }
            Ok(_) if consumed == 0 && written == 0 => Err(self.corrupt("is corrupt")),
            Ok(_) => Ok(()),
            Err(Error::MemLimit) => self.enlarge(),
            Err(Error::Options | Error::UnsupportedCheck) => {
                Err(self.corrupt("uses a filter or an option that is not known"))
            }
            Err(Error::Mem) => Err(io::Error::new(io::ErrorKind::OutOfMemory, "there is not enough memory")),
            Err(_) => Err(self.corrupt("is corrupt")),
        };
        Ok((written, outcome))
    }

    fn corrupt(&self, what: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("the {} stream {what}", self.format))
    }
}

impl<R: Peek> Read for Xz<R> {
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
