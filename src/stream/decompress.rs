//! The content of a compressed stream, part by part.

use std::io::{self, Read};

use super::window::Peek;
use super::{Compression, Part};

/// A reader of the content of a stream in any compression. It reads all parts, in one or several formats,
/// with or without zeros between them. Other bytes after the last part are an error, which is returned after
/// the content.
pub(crate) struct Decompressed<R> {
    reader: Reader<R>,
    /// The compression of the last part that was read.
    compression: Compression,
    /// Whether the part comes after lz4. Skippable frames belong to lz4 as well as to zstd.
    behind_lz4: bool,
    /// Whether there were skippable frames that belong to no other frame.
    only_skippable: bool,
}

enum Reader<R> {
    Plain(R),
    Part(Part<R>),
    Done,
}

impl<R: Peek> Decompressed<R> {
    /// Sets up the decoder for the first bytes of `input`. Input that is not in a supported compression is
    /// passed through unchanged.
    pub(crate) fn new(mut input: R) -> io::Result<Self> {
        let compression = Compression::of(input.peek(Compression::HEAD)?);
        let reader = match compression {
            Compression::None => Reader::Plain(input),
            _ => Reader::Part(Part::open(compression, input)?),
        };
        Ok(Self { reader, compression, behind_lz4: false, only_skippable: false })
    }

    /// Moves from the end of one part to the start of the next part.
    fn next_part(&mut self) -> io::Result<()> {
        let Reader::Part(part) = std::mem::replace(&mut self.reader, Reader::Done) else { return Ok(()) };
        let is_skippable = part.is_skippable();
        let mut input = part.into_input();
        skip_zeros(&mut input)?;
        let next = Compression::of(input.peek(Compression::HEAD)?);
        self.only_skippable |= is_skippable && !self.behind_lz4 && next != Compression::Lz4;
        self.behind_lz4 = self.compression == Compression::Lz4 || is_skippable && self.behind_lz4;
        if next != Compression::None {
            self.compression = next;
            self.reader = Reader::Part(Part::open(next, input)?);
            return Ok(());
        }
        let (format, part) = (self.compression.name(), self.compression.part());
        match io::copy(&mut input, &mut io::sink())? {
            0 if self.only_skippable => {
                Err(invalid("there is a zstd stream without a frame that holds data"))
            }
            0 => Ok(()),
            1 => Err(invalid(&format!("1 byte after the last {format} {part} is not a {part}"))),
            n => Err(invalid(&format!("{n} bytes after the last {format} {part} are not a {part}"))),
        }
    }
}

fn skip_zeros(input: &mut impl Peek) -> io::Result<()> {
    loop {
        let view = input.fill_buf()?;
        let zeros = view.iter().take_while(|&&b| b == 0).count();
        if zeros == 0 {
            return Ok(());
        }
        input.consume(zeros);
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl<R: Peek> Read for Decompressed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = match &mut self.reader {
                Reader::Plain(input) => return input.read(out),
                Reader::Part(part) => part.read(out)?,
                Reader::Done => return Ok(0),
            };
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            self.next_part()?;
        }
    }
}

#[cfg(test)]
mod formats;
#[cfg(test)]
mod tests;
