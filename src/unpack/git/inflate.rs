//! Decoding of a single zlib stream within a longer input, piece by piece.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::super::allowance::Allowance;
use crate::stream::Peek;

/// A source of decoded bytes. After the end it yields nothing.
pub(super) trait Decode {
    /// Fills the front of `out`, which must not be empty. Returns the number of bytes written; zero means the
    /// end.
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault>;
}

/// The reason why decoding ended early.
#[derive(Debug)]
pub(super) enum Fault {
    /// The underlying reader failed.
    Input(io::Error),
    /// The input ended.
    Cut,
    /// The stream or the delta is invalid.
    Broken,
    /// Nothing more may be decoded.
    Spent,
}

/// A zlib stream at the start of `input`. Only the bytes of the stream are consumed.
pub(super) struct Inflate<'a> {
    input: &'a mut dyn Peek,
    state: &'a mut Decompress,
    ended: bool,
    broken: bool,
}

impl<'a> Inflate<'a> {
    /// Starts a stream. `state` is passed in so that its allocation is reused.
    pub(super) fn new(input: &'a mut dyn Peek, state: &'a mut Decompress) -> Self {
        state.reset(true);
        Self { input, state, ended: false, broken: false }
    }

    /// Decodes to the end of the stream. The bytes count towards the allowance.
    pub(super) fn drain(&mut self, left: &Allowance) -> Result<(), Fault> {
        let mut scratch = [0; 4096];
        loop {
            let n = self.decode(&mut scratch)?;
            if n == 0 {
                return Ok(());
            }
            left.spend(n);
            if left.left() == 0 {
                return Err(Fault::Spent);
            }
        }
    }
}

impl Decode for Inflate<'_> {
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        while !self.ended {
            if self.broken {
                return Err(Fault::Broken);
            }
            let view = match self.input.fill_buf() {
                Ok(view) => view,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Input(error)),
            };
            let at_end = view.is_empty();
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(view, out, FlushDecompress::None);
            let taken = usize::try_from(self.state.total_in() - taken).unwrap_or_default();
            let given = usize::try_from(self.state.total_out() - given).unwrap_or_default();
            self.input.consume(taken);
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) => {
                    if given == 0 && at_end {
                        return Err(Fault::Cut);
                    }
                    self.broken = given == 0 && taken == 0;
                }
                Err(_) => self.broken = true,
            }
            if given > 0 {
                return Ok(given);
            }
        }
        Ok(0)
    }
}
