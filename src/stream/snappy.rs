//! Snappy's framing format. It has no mark for its end: a stream ends where no chunk begins.

use std::io::{self, Read};

use super::window::Peek;

/// The chunk that every stream begins with.
pub(crate) const SNAPPY_FRAMES: &[u8] = b"\xff\x06\0\0sNaPpY";
/// The header of a chunk: its kind and its length.
const HEADER: usize = 4;
/// The length of the checksum at the start of a chunk with data.
const SUM: usize = 4;
/// The largest number of bytes that the data of a chunk decodes to.
const MAX_BLOCK: usize = 64 * 1024;
/// The largest chunk without data that is skipped. Larger ones are rather something else behind the stream.
const MAX_SKIPPED: u64 = 1 << 20;

/// Decompresses one stream.
pub(super) struct Frames<R> {
    input: R,
    block: Vec<u8>,
    given: usize,
    /// An error that follows bytes that were already returned.
    failed: Option<io::Error>,
}

impl<R: Peek> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, block: Vec::new(), given: 0, failed: None }
    }

    /// Returns the input. After the stream has been read to its end, the position is after the stream.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Reads the next chunk with data. Returns false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        loop {
            let head = self.input.peek(SNAPPY_FRAMES.len())?;
            let Some(&[kind, a, b, c]) = head.first_chunk::<HEADER>() else { return Ok(false) };
            let size = u32::from_le_bytes([a, b, c, 0]) as usize;
            match kind {
                0xff if head.starts_with(SNAPPY_FRAMES) => self.input.consume(SNAPPY_FRAMES.len()),
                0x80..=0xfe if size as u64 <= MAX_SKIPPED => {
                    let len = (HEADER + size) as u64;
                    if io::copy(&mut (&mut self.input).take(len), &mut io::sink())? < len {
                        return Err(breaks_off());
                    }
                }
                0 | 1 => return self.read_block(kind == 0, size).map(|()| true),
                _ => return Ok(false),
            }
        }
    }

    fn read_block(&mut self, is_packed: bool, size: usize) -> io::Result<()> {
        let most = SUM + if is_packed { snap::raw::max_compress_len(MAX_BLOCK) } else { MAX_BLOCK };
        let Some(data) = size.checked_sub(SUM).filter(|_| size <= most) else {
            return Err(corrupt("has a chunk of a length that is not allowed"));
        };
        self.input.consume(HEADER);
        let mut chunk = Vec::new();
        (&mut self.input).take(size as u64).read_to_end(&mut chunk)?;
        let Some((sum, packed)) = chunk.split_first_chunk::<SUM>().filter(|(_, packed)| packed.len() == data)
        else {
            return Err(breaks_off());
        };
        (self.block, self.given) = (Vec::new(), 0);
        self.block = match is_packed {
            true if snap::raw::decompress_len(packed).is_ok_and(|len| len <= MAX_BLOCK) => {
                let decoded = snap::raw::Decoder::new().decompress_vec(packed);
                decoded.map_err(|_| corrupt("is corrupt"))?
            }
            true => return Err(corrupt("is corrupt")),
            false => packed.to_vec(),
        };
        if u32::from_le_bytes(*sum) != masked(!crc32c(!0, &self.block)) {
            self.failed = Some(corrupt("does not match its checksum"));
        }
        Ok(())
    }
}

impl<R: Peek> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.block.len() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if !self.next_block()? {
                return Ok(0);
            }
        }
        let n = self.block.get(self.given..).unwrap_or_default().read(out)?;
        self.given += n;
        Ok(n)
    }
}

fn corrupt(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the snappy stream {what}"))
}

fn breaks_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the snappy stream ends early inside a chunk")
}

/// Returns a checksum as Snappy and `LevelDB` store it.
pub(crate) fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Continues a CRC-32C. It begins with all bits set, and all bits are inverted at the end.
pub(crate) fn crc32c(sum: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    bytes.iter().fold(sum, |sum, &byte| {
        let index = usize::from(sum.to_le_bytes()[0] ^ byte);
        sum >> 8 ^ TABLE.get(index).copied().unwrap_or_default()
    })
}

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "it runs in the compiler")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::samples::{bytes, part};
    use crate::stream::{Compression, Part, Window};

    fn decode(stream: &[u8]) -> (Vec<u8>, io::Result<usize>, Vec<u8>) {
        let (mut out, mut behind) = (Vec::new(), Vec::new());
        // The window is small, so that headers cross its boundaries.
        let mut reader = Part::open(Compression::Snappy, Window::with_capacity(1, stream)).unwrap();
        let outcome = reader.read_to_end(&mut out);
        reader.into_input().read_to_end(&mut behind).unwrap();
        (out, outcome, behind)
    }

    #[test]
    fn a_stream_ends_where_no_chunk_begins() {
        for len in [0, 1, 100, 70_000, 1_000_000] {
            let data = bytes(len);
            let stream = part(Compression::Snappy, &data);
            for behind in [&b""[..], b"behind", &[0x1f, 0x8b, 8, 0], b"\x03"] {
                let (out, outcome, rest) = decode(&[&stream[..], behind].concat());
                outcome.unwrap();
                assert!(out == data && rest == behind, "{len}");
            }
            let padding = b"\xfe\x03\0\0abc";
            let twice = [&stream[..], padding, &stream].concat();
            assert!(decode(&twice).0 == [&data[..], &data].concat());
        }
    }

    #[test]
    fn damage_is_told_and_what_came_before_is_given() {
        let data = bytes(150_000);
        let stream = part(Compression::Snappy, &data);
        let (out, outcome, _) = decode(&stream[..stream.len() - 5]);
        assert!(out == data[..131_072] || out == data[..out.len()] && out.len() > 65_000);
        assert_eq!(outcome.unwrap_err().to_string(), "the snappy stream ends early inside a chunk");
        let mut wrong = stream.clone();
        wrong[SNAPPY_FRAMES.len() + HEADER] ^= 1;
        let (out, outcome, _) = decode(&wrong);
        assert!(out == data[..65_536]);
        assert_eq!(outcome.unwrap_err().to_string(), "the snappy stream does not match its checksum");
        let claims = [SNAPPY_FRAMES, b"\0\xff\xff\xff", &[7; 90]].concat();
        assert!(decode(&claims).1.unwrap_err().to_string().contains("not allowed"));
    }

    #[test]
    fn a_known_checksum() {
        // RFC 3720, appendix B.4.
        assert_eq!(!crc32c(!0, &[0; 32]), 0x8a91_36aa);
        assert_eq!(!crc32c(!0, b"123456789"), 0xe306_9283);
    }
}
