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

/// A reader of what a stream holds, whatever it is compressed with: all members and frames, with zeros
/// between them or not. Anything else behind the last of them is an error, once that has been read.
pub struct Decompressed<R> {
    reader: Reader<R>,
    /// What the part read last is called.
    part: &'static str,
    /// Whether frames were all skippable.
    only_skippable: bool,
}

enum Reader<R> {
    Plain(Window<R>),
    Gzip(Box<Gzip<Window<R>>>),
    Zstd(Box<Zstd<R>>),
    Done,
}

impl<R: Read> Decompressed<R> {
    /// Looks at the first bytes of `input` and sets up the decoder. What is in no compression that can be
    /// read is passed through as it is.
    pub fn new(mut input: Window<R>) -> io::Result<Self> {
        let compression = Compression::of(input.fill(Compression::HEAD)?);
        let reader = match Reader::compressed(compression, input)? {
            Ok(reader) => reader,
            Err(input) => Reader::Plain(input),
        };
        Ok(Self { reader, part: "", only_skippable: false })
    }

    /// Goes from the end of one part to the start of the next one.
    fn next_part(&mut self) -> io::Result<()> {
        let mut input = match std::mem::replace(&mut self.reader, Reader::Done) {
            Reader::Plain(_) | Reader::Done => return Ok(()),
            Reader::Gzip(member) => {
                self.part = "member";
                member.into_input()
            }
            Reader::Zstd(frames) => {
                self.part = "frame";
                self.only_skippable |= !frames.has_data();
                frames.into_input()
            }
        };
        skip_zeros(&mut input)?;
        let compression = Compression::of(input.fill(Compression::HEAD)?);
        let mut input = match Reader::compressed(compression, input)? {
            Ok(reader) => {
                self.reader = reader;
                return Ok(());
            }
            Err(input) => input,
        };
        let format = if self.part == "member" { "gzip" } else { "zstd" };
        match io::copy(&mut input, &mut io::sink())? {
            0 if self.only_skippable => {
                Err(invalid("there is a zstd stream without a frame that holds data"))
            }
            0 => Ok(()),
            1 => Err(invalid(&format!("1 byte behind the last {format} {} is no {0}", self.part))),
            n => Err(invalid(&format!("{n} bytes behind the last {format} {} are no {0}", self.part))),
        }
    }
}

impl<R: Read> Reader<R> {
    /// The decoder for a compression; gives the input back where there is none.
    fn compressed(compression: Compression, input: Window<R>) -> io::Result<Result<Self, Window<R>>> {
        Ok(match compression {
            Compression::None | Compression::Unsupported(_) => Err(input),
            Compression::Gzip => Ok(Self::Gzip(Box::new(Gzip::new(input)))),
            Compression::Zstd => Ok(Self::Zstd(Box::new(Zstd::new(input)?))),
        })
    }
}

fn skip_zeros<R: Read>(input: &mut Window<R>) -> io::Result<()> {
    loop {
        let view = input.fill(1)?;
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

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = match &mut self.reader {
                Reader::Plain(input) => return input.read(out),
                Reader::Gzip(input) => input.read(out)?,
                Reader::Zstd(input) => input.read(out)?,
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
    fn parts_of_both_formats_follow_each_other() {
        let zstd = |data: &[u8]| zstd::encode_all(data, 3).unwrap();
        let stream = [zstd(b"a"), gzip(b"b"), vec![0; 700], gzip(b"c"), zstd(b"d"), vec![0; 3], zstd(b"e")];
        assert_eq!(decode(&stream.concat()).unwrap(), b"abcde");
    }

    #[test]
    fn what_stands_behind_the_last_part_is_an_error() {
        let zstd = zstd::encode_all(&b"data"[..], 3).unwrap();
        for (stream, message) in [
            (
                [&gzip(b"data")[..], b"no member"].concat(),
                "9 bytes behind the last gzip member are no member",
            ),
            (
                [&gzip(b"data")[..], &[0; 9], &[0x1f]].concat(),
                "1 byte behind the last gzip member is no member",
            ),
            ([&zstd[..], b"no frame"].concat(), "8 bytes behind the last zstd frame are no frame"),
            ([&zstd[..], &[0; 9], &zstd[..3]].concat(), "3 bytes behind the last zstd frame are no frame"),
        ] {
            let mut out = Vec::new();
            let mut reader = Decompressed::new(Window::new(&stream[..])).unwrap();
            let error = reader.read_to_end(&mut out).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(out, b"data");
        }
    }

    #[test]
    fn skippable_frames_alone_are_an_error() {
        let skippable = &b"\x50\x2a\x4d\x18\x04\0\0\0skip"[..];
        for behind in [&b""[..], &[0; 512], b"a plain tar", &gzip(b"data")] {
            let error = decode(&[skippable, behind].concat()).unwrap_err();
            assert!(error.to_string().contains("zstd"), "{error}");
        }
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
