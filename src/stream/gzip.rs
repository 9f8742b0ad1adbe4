//! Members of gzip (RFC 1952, section 2.2) by the fastest decoder there is in Rust. Of a damaged one it does not give
//! what comes last before the damage, and it may refuse what others take: whoever gets an error from it
//! reads again with [`Deflate`](super::Deflate), whose word counts.

use std::io::{self, Read};

use fdeflate::Decompressor;
use flate2::Crc;

use super::Peek;

/// How far back a stream may refer.
const HISTORY: usize = 32 * 1024;
/// What is decoded between two moves of the history.
const CAPACITY: usize = HISTORY + 256 * 1024;
/// The decoder reads zlib's format (RFC 1950), which has this in front of the same stream, and a checksum behind.
const ZLIB: [u8; 2] = [0x78, 0x9c];
/// Size of a checksum, and of the length behind it.
const FIELD: usize = 4;
/// How many bytes of the length the decoder takes where it is given more than it takes: it fills 56 bits, and uses 32.
const AHEAD: usize = 3;
/// So much is given to it at least, until the input ends: more than what it takes ahead.
const LEAST: usize = 64;

/// Decompresses one member.
pub(super) struct Gzip<R> {
    input: R,
    decoder: Decompressor,
    /// What was decoded last: the history, and what is still to be given behind it.
    buffer: Box<[u8]>,
    given: usize,
    end: usize,
    /// The last bytes that the decoder took.
    last: [u8; 2 * FIELD],
    crc: Crc,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    Done,
}

impl<R: Peek> Gzip<R> {
    pub(super) fn new(input: R) -> Self {
        let mut decoder = Decompressor::new();
        decoder.ignore_adler32();
        Self {
            input,
            decoder,
            buffer: vec![0; CAPACITY].into(),
            given: 0,
            end: 0,
            last: [0; 2 * FIELD],
            crc: Crc::new(),
            state: State::Header,
        }
    }

    /// The input, which stands behind the member once that has been read to its end.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    fn read_header(&mut self) -> io::Result<()> {
        let mut header = Crc::new();
        let [_, _, method, flags, ..] = self.fields::<10>(&mut header)?;
        if method != 8 || flags & 0xe0 != 0 {
            return Err(corrupt());
        }
        if flags & 4 != 0 {
            let len = u16::from_le_bytes(self.fields(&mut header)?);
            for _ in 0..len {
                self.fields::<1>(&mut header)?;
            }
        }
        for text in [8, 16] {
            while flags & text != 0 && self.fields(&mut header)? != [0] {}
        }
        if flags & 2 != 0 {
            let sum = header.sum();
            if u32::from(u16::from_le_bytes(self.fields(&mut header)?)) != sum & 0xffff {
                return Err(corrupt());
            }
        }
        self.decoder.read(&ZLIB, &mut self.buffer, 0, false).map_err(|_| corrupt())?;
        Ok(())
    }

    /// The next bytes of the input.
    fn fields<const N: usize>(&mut self, crc: &mut Crc) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => breaks_off(),
            _ => error,
        })?;
        crc.update(&bytes);
        Ok(bytes)
    }

    /// Decodes some more.
    fn step(&mut self) -> io::Result<()> {
        if self.end == self.buffer.len() {
            self.buffer.copy_within(self.end - HISTORY.., 0);
            (self.given, self.end) = (HISTORY, HISTORY);
        }
        let view = self.input.peek(LEAST)?;
        if view.is_empty() {
            return Err(breaks_off());
        }
        let (taken, written) =
            self.decoder.read(view, &mut self.buffer, self.end, false).map_err(|_| corrupt())?;
        if taken == 0 && written == 0 && !self.decoder.is_done() {
            return Err(corrupt());
        }
        let seen = view.get(..taken).unwrap_or_default();
        let seen = seen.get(taken.saturating_sub(self.last.len())..).unwrap_or_default();
        self.last.rotate_left(seen.len());
        let kept = self.last.len() - seen.len();
        if let Some(place) = self.last.get_mut(kept..) {
            place.copy_from_slice(seen);
        }
        let took_all = taken == view.len();
        self.input.consume(taken);
        self.crc.update(self.buffer.get(self.end..self.end + written).unwrap_or_default());
        self.end += written;
        if self.decoder.is_done() {
            self.state = State::Done;
            self.check(took_all)?;
        }
        Ok(())
    }

    /// Compares with what stands behind the stream. The decoder took the first of its two fields for the checksum of
    /// zlib, and some bytes of the second one. If it took all it was given, those are told by what they should be.
    fn check(&mut self, took_all: bool) -> io::Result<()> {
        let (crc, amount) = (self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes());
        let fits = |start: &usize| {
            let (sum, len) = self.last.split_at(*start).1.split_at(FIELD);
            sum == crc && (!took_all || amount.starts_with(len))
        };
        let least = if took_all { FIELD } else { FIELD - AHEAD };
        let mut starts = (FIELD - AHEAD..=least).filter(fits);
        let start = match (starts.next(), starts.next()) {
            (Some(start), None) => start,
            (None, _) => return Err(invalid("does not match its checksum")),
            (Some(_), Some(_)) => return Err(corrupt()),
        };
        let mut len = [0; FIELD];
        let taken = self.last.get(start + FIELD..).unwrap_or_default();
        let (have, missing) = len.split_at_mut(taken.len());
        have.copy_from_slice(taken);
        self.input.read_exact(missing).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => breaks_off(),
            _ => error,
        })?;
        if u32::from_le_bytes(len) == self.crc.amount() {
            Ok(())
        } else {
            Err(invalid("does not match its size"))
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the gzip stream {what}"))
}

fn corrupt() -> io::Error {
    invalid("is corrupt")
}

fn breaks_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip stream breaks off inside a member")
}

impl<R: Peek> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut left = self.buffer.get(self.given..self.end).unwrap_or_default();
            if !left.is_empty() || out.is_empty() {
                let n = left.read(out)?;
                self.given += n;
                return Ok(n);
            }
            match self.state {
                State::Header => {
                    self.read_header()?;
                    self.state = State::Body;
                }
                State::Body => self.step()?,
                State::Done => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::super::{Deflate, Window};
    use super::*;
    use crate::stream::samples;

    fn gzip(bytes: &[u8], level: u32, name: Option<&str>) -> Vec<u8> {
        let mut builder = flate2::GzBuilder::new();
        if let Some(name) = name {
            builder = builder.filename(name).comment("a comment").extra(vec![b'x'; 700]);
        }
        let mut encoder = builder.write(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Gives its bytes in pieces of that size.
    struct Steps<'a>(&'a [u8], usize);

    impl Read for Steps<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = out.len().min(self.1);
            self.0.read(&mut out[..n])
        }
    }

    fn decode(stream: &[u8], step: usize) -> (Vec<u8>, io::Result<Vec<u8>>) {
        let mut decoder = Gzip::new(Window::with_capacity(1, Steps(stream, step)));
        let mut out = Vec::new();
        let outcome = decoder.read_to_end(&mut out);
        let mut behind = Vec::new();
        let behind = outcome.and_then(|_| decoder.into_input().read_to_end(&mut behind)).map(|_| behind);
        (out, behind)
    }

    #[test]
    fn a_member_ends_where_it_ends() {
        let random: Vec<u8> = crate::stream::samples::bytes(900_000);
        for (len, level) in [(0, 6), (1, 6), (5, 0), (3000, 1), (70_000, 0), (300_000, 9), (900_000, 6)] {
            for name in [None, Some("a name")] {
                for behind in [&b""[..], b"b", b"behind", b"\x1f\x8b\x08 more than eight bytes"] {
                    let stream = [&gzip(&random[..len], level, name), behind].concat();
                    for step in [1, 7, 64, 65, 1000, 1 << 20] {
                        let (out, rest) = decode(&stream, step);
                        assert!(out == random[..len], "{len} {level} {step}");
                        assert_eq!(rest.unwrap(), behind, "{len} {level} {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_as_the_careful_decoder_says_it() {
        let text = samples::bytes(100_000);
        for name in [None, Some("name")] {
            let stream = gzip(&text, 6, name);
            for at in
                (0..20).chain(stream.len() / 2..stream.len() / 2 + 9).chain(stream.len() - 9..stream.len())
            {
                let mut damaged = stream.clone();
                damaged[at] ^= 0x5a;
                for stream in [&damaged[..], &stream[..at]] {
                    if !stream.starts_with(b"\x1f\x8b\x08") {
                        continue;
                    }
                    let said = decode(stream, 4096).1.map_err(|error| error.to_string());
                    let mut careful = Deflate::gzip(stream);
                    let outcome = careful.read_to_end(&mut Vec::new()).map(|_| careful.into_input().to_vec());
                    assert_eq!(said, outcome.map_err(|error| error.to_string()), "{at}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// What it takes is what the careful decoder gives, to the byte.
        #[test]
        fn it_never_gives_something_else(
            seed in any::<u64>(), len in 0..200_000_u32, level in 0..=9_u32, at in any::<prop::sample::Index>(), flip in 0..=255_u8
        ) {
            let text: Vec<u8> = samples::bytes(len).iter().map(|b| if seed % 3 == 0 { b % 7 } else { *b }).collect();
            let mut stream = gzip(&text, level, None);
            let at = 10 + at.index(stream.len() - 10);
            stream[at] ^= flip;
            let (out, outcome) = decode(&stream, 1 + (seed % 5000) as usize);
            let mut expected = Vec::new();
            let careful = Deflate::gzip(&stream[..]).read_to_end(&mut expected);
            prop_assert!(expected.starts_with(&out));
            prop_assert_eq!(outcome.is_ok(), careful.is_ok());
            if outcome.is_ok() {
                prop_assert!(out == expected);
            }
        }
    }
}
