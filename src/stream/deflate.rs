//! Deflate (RFC 1951), raw, in zlib streams (RFC 1950) and in gzip members (RFC 1952, section 2.2).

use std::io::{self, BufRead, Read};

use flate2::{FlushDecompress, Status};

use super::spare::{Around, Inflate};

/// Decompresses one stream. All bytes before a corrupt part are returned before the error.
pub(crate) struct Deflate<R> {
    input: R,
    state: Inflate,
    format: &'static str,
    /// An error that follows bytes that were already returned.
    failed: Option<io::Error>,
    done: bool,
}

impl<R: BufRead> Deflate<R> {
    /// Creates a reader of a raw stream without a header.
    pub(crate) fn bare(input: R) -> Self {
        Self { input, state: Inflate::new(Around::Nothing), format: "deflate", failed: None, done: false }
    }

    /// Creates a reader of a zlib stream with its header and its checksum.
    pub(super) fn zlib(input: R) -> Self {
        Self { input, state: Inflate::new(Around::Zlib), format: "zlib", failed: None, done: false }
    }

    /// Creates a reader of a gzip member with its header and its checksum.
    pub(super) fn gzip(input: R) -> Self {
        Self { input, state: Inflate::new(Around::Gzip), format: "gzip", failed: None, done: false }
    }

    /// Returns the input. After the stream has been read to its end, the position is after the stream.
    pub(crate) fn into_input(self) -> R {
        self.input
    }

    fn error(&self, kind: io::ErrorKind, what: &str) -> io::Error {
        let stream = self.format;
        let part = if stream == "gzip" { "inside a member" } else { "before its end" };
        match kind {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(kind, format!("the {stream} stream ends early {part}"))
            }
            _ => io::Error::new(kind, format!("the {stream} stream {what}")),
        }
    }

    /// Performs one step. Returns the number of bytes written and the outcome.
    fn step(&mut self, out: &mut [u8]) -> io::Result<(usize, io::Result<()>)> {
        let view = self.input.fill_buf()?;
        let at_end = view.is_empty();
        let state = self.state.decoder();
        let (read, written) = (state.total_in(), state.total_out());
        let status = state.decompress(view, out, FlushDecompress::None);
        let consumed = usize::try_from(state.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(state.total_out() - written).unwrap_or(usize::MAX);
        self.input.consume(consumed);
        let outcome = match status {
            Ok(Status::StreamEnd) => {
                self.done = true;
                Ok(())
            }
            Ok(_) if consumed > 0 || written > 0 => Ok(()),
            Ok(_) if at_end => Err(self.error(io::ErrorKind::UnexpectedEof, "")),
            Ok(_) => Err(self.error(io::ErrorKind::InvalidData, "is corrupt")),
            Err(error) => {
                // The messages of zlib that say which part of the trailer is wrong.
                let what = match error.message() {
                    Some("incorrect data check") => "does not match its checksum",
                    Some("incorrect length check") => "does not match its size",
                    _ => "is corrupt",
                };
                Err(self.error(io::ErrorKind::InvalidData, what))
            }
        };
        Ok((written, outcome))
    }
}

impl<R: BufRead> Read for Deflate<R> {
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

/// The number of lengths in the description of a block's first code (section 3.2.7).
const CODE_LENGTHS: usize = 19;

/// Returns true if a deflate stream may begin with these bytes, as far as the header of its first block
/// shows. Of random bytes, one in five looks like it, most of those with fixed codes.
pub(crate) fn plausible_deflate(bytes: &[u8]) -> bool {
    let Some(&first) = bytes.first() else { return true };
    match first >> 1 & 3 {
        // Stored: nothing but zeros up to the next byte, then the size and its complement.
        0 => match bytes.get(1..5) {
            Some(&[a, b, c, d]) => first >> 3 == 0 && (a ^ c, b ^ d) == (0xff, 0xff),
            _ => first >> 3 == 0,
        },
        1 => true,
        2 => has_whole_code(bytes),
        _ => false,
    }
}

/// Returns true if a deflate stream begins with these bytes and describes its codes, as most streams do. Hardly any
/// other bytes look like it.
pub(crate) fn describes_codes(bytes: &[u8]) -> bool {
    /// The longest description of the first code, in bytes.
    const DESCRIPTION: usize = (17 + 3 * CODE_LENGTHS).div_ceil(8);
    bytes.len() >= DESCRIPTION
        && bytes.first().is_some_and(|first| first >> 1 & 3 == 2)
        && has_whole_code(bytes)
}

/// Returns true if the code for the lengths of the other codes is complete, which decoders demand.
fn has_whole_code(bytes: &[u8]) -> bool {
    let bits = |at: usize, count: usize| {
        let two = [bytes.get(at / 8).copied()?, bytes.get(at / 8 + 1).copied().unwrap_or(0)];
        Some(usize::from(u16::from_le_bytes(two)) >> (at % 8) & ((1 << count) - 1))
    };
    let (Some(literals), Some(distances), Some(count)) = (bits(3, 5), bits(8, 5), bits(13, 4)) else {
        return true;
    };
    if literals > 29 || distances > 29 {
        return false;
    }
    let mut used = 0;
    for n in 0..(count + 4).min(CODE_LENGTHS) {
        match bits(17 + 3 * n, 3) {
            Some(0) => {}
            Some(len) => used += 128 >> len,
            None => return true,
        }
    }
    used == 128
}

/// Returns true if the bytes may begin a zlib stream with the largest window: what writers use for data of
/// unknown size.
pub(crate) fn begins_zlib(head: &[u8]) -> bool {
    matches!(head, [0x78, 0x01 | 0x5e | 0x9c | 0xda, rest @ ..] if plausible_deflate(rest))
}

/// Returns true if the bytes may begin a zlib stream with a window of any size and without a preset dictionary.
pub(crate) fn begins_zlib_of_any_window(head: &[u8]) -> bool {
    let &[method, flags, ref rest @ ..] = head else { return false };
    let is_header = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    method & 0x8f == 8 && flags & 0x20 == 0 && is_header && plausible_deflate(rest)
}

/// Returns the length of the header of a gzip member. If the header continues after the given bytes, returns
/// more than their length. Returns `None` for a malformed header.
pub(crate) fn gzip_header_len(head: &[u8]) -> Option<usize> {
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = head.split_first_chunk::<10>()? else { return None };
    let goes_on = Some(head.len() + 1);
    if flags & 4 != 0 {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        let len = usize::from(u16::from_le_bytes(*len));
        match behind.get(len..) {
            Some(behind) => rest = behind,
            None => return goes_on.filter(|_| is_extra(behind, len)),
        }
    }
    for text in [8, 16] {
        if flags & text != 0 {
            match memchr::memchr(0, rest) {
                Some(end) => rest = rest.get(end + 1..)?,
                None => return goes_on.filter(|_| !rest.iter().any(u8::is_ascii_control)),
            }
        }
    }
    let checksum = usize::from(flags & 2);
    Some(head.len() - rest.len() + checksum)
}

/// Returns true if an extra field of `len` bytes that begins with these bytes consists of subfields (section
/// 2.3.1.1).
fn is_extra(bytes: &[u8], len: usize) -> bool {
    let mut at = 0;
    while let Some([_, _, low, high]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        at += 4 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    at <= len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_damage_is_given() {
        let text: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
        let mut state = flate2::Compress::new(flate2::Compression::default(), false);
        let mut stream = Vec::with_capacity(200_000);
        state.compress_vec(&text, &mut stream, flate2::FlushCompress::Full).unwrap();
        stream.extend([0xff; 50]);
        let mut out = Vec::new();
        let mut decoder = Deflate::bare(&stream[..]);
        assert_eq!(decoder.read_to_end(&mut out).unwrap_err().to_string(), "the deflate stream is corrupt");
        assert!(out == text, "{} of {}", out.len(), text.len());
        assert_eq!(decoder.read(&mut [0; 9]).unwrap(), 0);
    }

    #[test]
    fn a_wrong_trailer_is_named() {
        let mut encoder = flate2::read::GzEncoder::new(&b"text"[..], flate2::Compression::default());
        let mut stream = Vec::new();
        encoder.read_to_end(&mut stream).unwrap();
        for (from_end, said) in [(8, "checksum"), (4, "size")] {
            let mut stream = stream.clone();
            let at = stream.len() - from_end;
            stream[at] ^= 1;
            let mut out = Vec::new();
            let error = Deflate::gzip(&stream[..]).read_to_end(&mut out).unwrap_err();
            assert_eq!(error.to_string(), format!("the gzip stream does not match its {said}"));
            assert_eq!(out, b"text");
        }
    }

    #[test]
    fn a_header_may_be_longer_than_what_is_at_hand() {
        let head = |flags: u8, rest: &[u8]| [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3], rest].concat();
        let len = |flags: u8, rest: &[u8]| gzip_header_len(&head(flags, rest));
        assert_eq!(len(8, &[b'n'; 1000]), Some(1011));
        assert_eq!(len(16, &[b'n'; 1000]), Some(1011));
        assert_eq!(len(12, &[b"\x06\0AA\x02\0..", &[b'n'; 1000][..]].concat()), Some(1019));
        assert_eq!(len(4, &[b"\xd4\x07AA\xd0\x07", &[0; 1000][..]].concat()), Some(1017));
        assert_eq!(len(4, &[b"\xd4\x07AA\xd1\x07", &[0; 1000][..]].concat()), None);
        assert_eq!(len(8, b"name\0data"), Some(15));
        assert_eq!(len(8, b"na\x01me"), None);
        assert_eq!(len(2, b"data"), Some(12));
    }
}
