//! Bzip2, one stream after another.

use std::io::{self, Read};

use bzip2::{Decompress, Status};

use super::memory::Held;
use super::window::Peek;

/// The memory that a decoder needs for the largest block: four bytes for each of 900,000, and tables.
const MEMORY: u64 = 4 * 1024 * 1024;

/// The size of a small stream. A stream that ends within this many bytes is decoded at once, if its output
/// is not larger than [`SMALL_OUT`].
const SMALL: usize = 4 * 1024;
/// The maximum output of a small stream.
const SMALL_OUT: usize = 16 * 1024;

/// Decompresses one stream.
pub(super) struct Bzip2<R> {
    input: R,
    decoder: Decoder,
    /// An error that follows bytes that were already returned.
    failed: Option<io::Error>,
    done: bool,
    _held: Held,
}

enum Decoder {
    Stream(Decompress),
    /// The output of a small stream, and the number of bytes that have been passed on.
    Small(Vec<u8>, usize),
}

impl<R: Peek> Bzip2<R> {
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        if let Ok(view) = input.peek(SMALL)
            && let Some((out, len)) = decode_small(view)
        {
            input.consume(len);
            let decoder = Decoder::Small(out, 0);
            return Ok(Self { input, decoder, failed: None, done: false, _held: Held::none() });
        }
        let held = Held::window(MEMORY, "a bzip2 stream")?;
        let decoder = Decoder::Stream(Decompress::new(false));
        Ok(Self { input, decoder, failed: None, done: false, _held: held })
    }

    /// Returns the input. After the stream has been read to its end, the position is after the stream.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Performs one step. Returns the number of bytes written and the outcome.
    fn step(&mut self, out: &mut [u8]) -> io::Result<(usize, io::Result<()>)> {
        let decoder = match &mut self.decoder {
            Decoder::Stream(decoder) => decoder,
            Decoder::Small(bytes, given) => {
                let mut left = bytes.get(*given..).unwrap_or_default();
                let n = left.read(out)?;
                *given += n;
                self.done = *given == bytes.len();
                return Ok((n, Ok(())));
            }
        };
        let view = self.input.fill_buf()?;
        let at_end = view.is_empty();
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(view, out);
        let consumed = usize::try_from(decoder.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(decoder.total_out() - written).unwrap_or(usize::MAX);
        self.input.consume(consumed);
        let outcome = match status {
            Ok(Status::StreamEnd) => {
                self.done = true;
                Ok(())
            }
            Ok(Status::MemNeeded) => Err((io::ErrorKind::OutOfMemory, "there is not enough memory")),
            Ok(_) if consumed > 0 || written > 0 => Ok(()),
            Ok(_) if at_end => Err((io::ErrorKind::UnexpectedEof, "the bzip2 stream ends early")),
            Ok(_) | Err(_) => Err((io::ErrorKind::InvalidData, "the bzip2 stream is corrupt")),
        };
        Ok((written, outcome.map_err(|(kind, message)| io::Error::new(kind, message))))
    }
}

/// Returns the output of a stream that ends within `view`, and its length in `view`.
///
/// A decoder allocates and clears memory for the block size in the header of the stream. That is nearly
/// always the largest size, so thousands of tiny streams would take minutes. A short block can be decoded
/// with the smallest size.
fn decode_small(view: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (magic, rest) = view.split_at_checked(3)?;
    let (_, rest) = rest.get(..SMALL).unwrap_or(rest).split_first()?;
    let mut decoder = Decompress::new(false);
    let mut out = vec![0; SMALL_OUT];
    decoder.decompress(&[magic, b"1"].concat(), &mut out).ok()?;
    loop {
        let read = |decoder: &Decompress| usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
        let written = |decoder: &Decompress| usize::try_from(decoder.total_out()).unwrap_or(usize::MAX);
        let before = (read(&decoder), written(&decoder));
        let left = rest.get(before.0.checked_sub(4)?..)?;
        let room = out.get_mut(before.1..).filter(|room| !room.is_empty())?;
        let status = decoder.decompress(left, room).ok()?;
        let after = (read(&decoder), written(&decoder));
        if status == Status::StreamEnd {
            out.truncate(after.1);
            return Some((out, after.0));
        }
        if before == after {
            return None;
        }
    }
}

/// The length of a stream header with the header of its first block.
const HEADERS: usize = 18;

/// Returns true if the bytes may begin a stream, as far as the header of the first block shows. Bytes that
/// break off may.
pub(super) fn may_begin(head: &[u8]) -> bool {
    let Some(header) = head.first_chunk::<HEADERS>() else { return true };
    let &[_, _, _, level, 0x31, _, _, _, _, _, _, _, _, _, flags, a, b, c] = header else { return true };
    // After the checksum: a bit that no writer sets since 1997, the place of the original in the sorted block
    // (24 bits), and the groups of 16 bytes that occur (16 bits).
    let place = u32::from_be_bytes([flags, a, b, c]) << 1 >> 8;
    let mut bits = Bits { bytes: head, at: (HEADERS - 4) * 8 + 25 };
    let largest = u32::from(level.saturating_sub(b'0')) * 100_000;
    (flags & 0x80 == 0 && place < largest) && has_tables(&mut bits).unwrap_or(true)
}

/// Returns true if the bits after the place are the tables of a block. Returns `None` if they break off.
fn has_tables(bits: &mut Bits<'_>) -> Option<bool> {
    let groups = bits.take(16)?;
    let mut symbols = 0;
    for _ in 0..groups.count_ones() {
        symbols += bits.take(16)?.count_ones();
    }
    let (tables, selectors) = (bits.take(3)?, bits.take(15)?);
    if symbols == 0 || !(2..=6).contains(&tables) || selectors == 0 {
        return Some(false);
    }
    for _ in 0..selectors {
        let mut ones = 0;
        while bits.take(1)? == 1 {
            ones += 1;
            if ones >= tables {
                return Some(false);
            }
        }
    }
    for _ in 0..tables {
        let mut len = bits.take(5)?;
        for _ in 0..symbols + 2 {
            loop {
                if !(1..=20).contains(&len) {
                    return Some(false);
                }
                match (bits.take(1)?, len) {
                    (0, _) => break,
                    (_, len_now) => len = if bits.take(1)? == 0 { len_now + 1 } else { len_now - 1 },
                }
            }
        }
    }
    Some(true)
}

/// Bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// Takes up to 16 bits.
    fn take(&mut self, count: usize) -> Option<u32> {
        let byte = |n: usize| self.bytes.get(self.at / 8 + n).copied();
        if self.at + count > self.bytes.len() * 8 {
            return None;
        }
        let word = u32::from_be_bytes([byte(0)?, byte(1).unwrap_or(0), byte(2).unwrap_or(0), 0]);
        let taken = word << (self.at % 8) >> (32 - count);
        self.at += count;
        Some(taken)
    }
}

impl<R: Peek> Read for Bzip2<R> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Window;

    fn encode(data: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        bzip2::read::BzEncoder::new(data, bzip2::Compression::best()).read_to_end(&mut stream).unwrap();
        stream
    }

    #[test]
    fn streams_of_any_size_end_where_they_end() {
        let noise: Vec<u8> = (0..12_500_u32).flat_map(|i| (i.wrapping_mul(i) >> 7).to_le_bytes()).collect();
        for data in [&b""[..], b"x", &noise[..2000], &noise, &[b'x'; 16 * 1024], &vec![b'x'; 500_000]] {
            let stream = [encode(data), b"behind".to_vec()].concat();
            let mut decoder = Bzip2::new(Window::new(&stream[..])).unwrap();
            let mut out = Vec::new();
            decoder.read_to_end(&mut out).unwrap();
            assert!(out == data, "{}", data.len());
            assert_eq!(decoder.into_input().view(), b"behind");
        }
    }

    #[test]
    fn tiny_streams_take_little_time() {
        let tiny = [b"q".to_vec(), encode(b"x")].concat().repeat(20_000);
        let began = std::time::Instant::now();
        let (mut at, mut streams) = (&tiny[..], 0);
        while let Some(stream) = at.strip_prefix(b"q") {
            let mut decoder = Bzip2::new(stream).unwrap();
            assert_eq!(decoder.read(&mut [0; 9]).unwrap(), 1);
            assert_eq!(decoder.read(&mut [0; 9]).unwrap(), 0);
            (at, streams) = (decoder.into_input(), streams + 1);
        }
        assert_eq!(streams, 20_000);
        // With the memory that the headers ask for, this took several seconds.
        assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    }
}
