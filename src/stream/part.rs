//! One part of a compressed stream, and access to the input after it.

use std::io::{self, Read};

use super::Compression;
use super::bzip2::{self, Bzip2};
use super::deflate::Deflate;
use super::lz4::Lz4;
use super::snappy::Frames;
use super::window::Peek;
use super::xz::Xz;
use super::zstd::{self, Zstd};

/// A reader of one part of a compressed stream: a gzip or lzip member, an xz, lzma, bzip2 or Snappy stream, or an
/// lz4 frame. For zstd, a part is a sequence of adjacent frames, including skippable frames.
pub(crate) struct Part<R> {
    decoder: Decoder<R>,
}

enum Decoder<R> {
    Deflate(Box<Deflate<R>>),
    Zstd(Box<Zstd<R>>),
    Xz(Box<Xz<R>>),
    Bzip2(Box<Bzip2<R>>),
    Lz4(Box<Lz4<R>>),
    Snappy(Box<Frames<R>>),
}

impl<R: Peek> Part<R> {
    /// Creates a decoder for the part that begins at the next byte of the input.
    pub(crate) fn open(compression: Compression, input: R) -> io::Result<Self> {
        let decoder = match compression {
            Compression::None | Compression::Lzf | Compression::Brotli | Compression::Lzo => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a compressed stream"));
            }
            Compression::Gzip => Decoder::Deflate(Box::new(Deflate::gzip(input))),
            Compression::Zlib => Decoder::Deflate(Box::new(Deflate::zlib(input))),
            Compression::Zstd => Decoder::Zstd(Box::new(Zstd::new(input)?)),
            Compression::Xz | Compression::Lzip | Compression::Lzma => {
                Decoder::Xz(Box::new(Xz::new(compression, input)?))
            }
            Compression::Bzip2 => Decoder::Bzip2(Box::new(Bzip2::new(input)?)),
            Compression::Lz4 => Decoder::Lz4(Box::new(Lz4::new(input)?)),
            Compression::Snappy => Decoder::Snappy(Box::new(Frames::new(input))),
        };
        Ok(Self { decoder })
    }

    /// Does the same, but a sequence of zstd frames ends before a skippable frame.
    pub(crate) fn open_up_to_skippable(compression: Compression, input: R) -> io::Result<Self> {
        match compression {
            Compression::Zstd => Ok(Self { decoder: Decoder::Zstd(Box::new(Zstd::up_to_skippable(input)?)) }),
            _ => Self::open(compression, input),
        }
    }

    /// Returns the input. After the part has been read to its end, the position is directly after the part.
    pub(crate) fn into_input(self) -> R {
        match self.decoder {
            Decoder::Deflate(decoder) => decoder.into_input(),
            Decoder::Zstd(decoder) => decoder.into_input(),
            Decoder::Xz(decoder) => decoder.into_input(),
            Decoder::Bzip2(decoder) => decoder.into_input(),
            Decoder::Lz4(decoder) => decoder.into_input(),
            Decoder::Snappy(decoder) => decoder.into_input(),
        }
    }

    /// Returns true if the part consists only of skippable frames, as far as it has been read.
    pub(crate) fn is_skippable(&self) -> bool {
        matches!(&self.decoder, Decoder::Zstd(frames) if !frames.has_data())
    }
}

/// Returns true if the bytes after the header of a stream may begin its first block, as far as a look at its
/// fields shows. This is much cheaper than setting up a decoder.
pub(crate) fn begins_block(compression: Compression, head: &[u8]) -> bool {
    match compression {
        Compression::Zstd => zstd::may_begin(head),
        Compression::Bzip2 => bzip2::may_begin(head),
        // The first byte of range-coded data is zero.
        Compression::Lzip => head.get(6).is_none_or(|&byte| byte == 0),
        _ => true,
    }
}

impl<R: Peek> Read for Part<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            Decoder::Deflate(decoder) => decoder.read(out),
            Decoder::Zstd(decoder) => decoder.read(out),
            Decoder::Xz(decoder) => decoder.read(out),
            Decoder::Bzip2(decoder) => decoder.read(out),
            Decoder::Lz4(decoder) => decoder.read(out),
            Decoder::Snappy(decoder) => decoder.read(out),
        }
    }
}
