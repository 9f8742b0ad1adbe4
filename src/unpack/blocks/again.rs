//! The data of an image, read a second time in order of offset.

use std::io::{self, BufRead as _, Read as _};

use crate::stream::Peek;
use crate::unpack::level::Level;

/// The longest piece.
const MAX_LEN: usize = 1 << 20;

pub(super) struct Again<'f> {
    file: Box<dyn Peek + 'f>,
    /// The offset of the next byte in the image.
    at: usize,
    pub(super) error: Option<io::Error>,
}

impl<'o> Again<'o> {
    /// Opens the file again, in which the image begins at an offset.
    pub(super) fn open(level: &Level<'_, 'o>, start: u64) -> io::Result<Self> {
        let reread = level.origin.reread.filter(|_| level.is_file());
        let unread = || io::Error::new(io::ErrorKind::Unsupported, "it cannot be read twice");
        let mut file = reread.ok_or_else(unread)?()?;
        io::copy(&mut (&mut file).take(start), &mut io::sink())?;
        Ok(Self::of(file))
    }
}

impl<'f> Again<'f> {
    /// Reads an image that begins with the next byte.
    pub(super) fn of(file: Box<dyn Peek + 'f>) -> Self {
        Self { file, at: 0, error: None }
    }
}

impl Again<'_> {
    /// Returns the bytes of a piece, which lies behind those that were read.
    pub(super) fn take(&mut self, at: usize, len: usize) -> Vec<u8> {
        if len == 0 || self.error.is_some() {
            return Vec::new();
        }
        match self.read(at, len) {
            Ok(piece) => piece,
            Err(error) => {
                self.error = Some(error);
                Vec::new()
            }
        }
    }

    fn read(&mut self, at: usize, len: usize) -> io::Result<Vec<u8>> {
        let ahead = at.checked_sub(self.at).filter(|_| len <= MAX_LEN);
        let Some(mut ahead) = ahead else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its blocks overlap or are too large"));
        };
        while ahead > 0 {
            let held = self.file.fill_buf()?.len().min(ahead);
            if held == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.file.consume(held);
            self.at += held;
            ahead -= held;
        }
        let mut piece = vec![0; len];
        self.file.read_exact(&mut piece)?;
        self.at += len;
        Ok(piece)
    }
}
