//! Compression, told by content and never by name or media type.

use std::io::{self, Read};

use super::gzip::Gzip;
use super::window::Window;
use super::zstd::Zstd;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all, as far as can be told.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// A format that engines read and stowaway does not, by its name.
    Unsupported(&'static str),
}

impl Compression {
    /// The longest magic number below.
    pub const HEAD: usize = 6;

    /// Tells by the first bytes ([`Self::HEAD`] are enough).
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Unsupported("xz"),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Unsupported("bzip2"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Unsupported("lz4"),
            _ => Self::None,
        }
    }
}

/// A reader of what a stream holds, whatever it is compressed with.
pub struct Decompressed<R> {
    reader: Reader<R>,
    compression: Compression,
}

enum Reader<R> {
    Plain(Window<R>),
    Gzip(Gzip<Window<R>>),
    Zstd(Box<Zstd<R>>),
}

impl<R: Read> Decompressed<R> {
    /// Looks at the first bytes of `input` and sets up the decoder. A compression that cannot be read is
    /// passed through as it is; [`Self::compression`] tells.
    pub fn new(mut input: Window<R>) -> io::Result<Self> {
        let compression = Compression::of(input.fill(Compression::HEAD)?);
        let reader = match compression {
            Compression::None | Compression::Unsupported(_) => Reader::Plain(input),
            Compression::Gzip => Reader::Gzip(Gzip::new(input)),
            Compression::Zstd => Reader::Zstd(Box::new(Zstd::new(input)?)),
        };
        Ok(Self { reader, compression })
    }

    /// What the stream is compressed with.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.reader {
            Reader::Plain(input) => input.read(out),
            Reader::Gzip(input) => input.read(out),
            Reader::Zstd(input) => input.read(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decompressed::new(Window::new(bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn all_members_are_read() {
        let stream = [gzip(b"first "), gzip(b""), gzip(b"second"), vec![0; 600]].concat();
        assert_eq!(decode(&stream).unwrap(), b"first second");
    }

    #[test]
    fn what_breaks_off_or_is_corrupt_is_an_error() {
        let data: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
        let stream = gzip(&data);
        assert_eq!(decode(&stream).unwrap(), data);
        assert!(decode(&stream[..stream.len() / 2]).is_err());
        let mut corrupt = stream.clone();
        let last = corrupt.len() - 6;
        corrupt[last] ^= 1;
        assert!(decode(&corrupt).is_err(), "the checksum is checked");
        assert!(decode(&[&stream[..], &[0x1f, 0x8b]].concat()).is_err(), "a second member that breaks off");
    }

    #[test]
    fn plain_and_unknown_bytes_pass_through() {
        assert_eq!(decode(b"").unwrap(), b"");
        assert_eq!(decode(b"plain").unwrap(), b"plain");
        assert_eq!(Compression::of(b"\xfd7zXZ\0..."), Compression::Unsupported("xz"));
    }
}
