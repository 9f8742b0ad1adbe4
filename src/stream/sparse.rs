//! Sparse files, whose bodies hold only the data between the holes.

use std::io::{self, BufRead, Read as _};

/// The maximum length of a line of a map that is read as a number.
const MAX_DIGITS: u64 = 32;
/// The maximum number of pieces that are remembered. Offsets after them count from the last known piece.
const MAX_PIECES: usize = 64 * 1024;

/// The map from a sparse body to the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SparseMap {
    /// The offset in the file and the length of each piece, in the order of the body.
    pieces: Vec<(u64, u64)>,
}

impl SparseMap {
    /// Adds the next piece of the body: `len` bytes at `offset` of the file.
    pub(super) fn add(&mut self, offset: u64, len: u64) {
        if self.pieces.len() < MAX_PIECES {
            self.pieces.push((offset, len));
        }
    }

    /// Returns the stretches of the body that are contiguous in the file, as offset in the file and length.
    /// The last stretch includes any bytes that the map does not cover.
    pub(crate) fn stretches(&self) -> Vec<(u64, u64)> {
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for &(offset, len) in self.pieces.iter().filter(|(_, len)| *len > 0) {
            match stretches.last_mut() {
                Some((start, length)) if start.saturating_add(*length) == offset => {
                    *length = length.saturating_add(len);
                }
                _ => stretches.push((offset, len)),
            }
        }
        if let Some((_, length)) = stretches.last_mut() {
            *length = u64::MAX;
        }
        stretches
    }

    /// Reads a map in front of the body (pax 1.0): decimal numbers, one per line, starting with the number
    /// of pieces, padded to a whole block. Also returns the bytes that were read.
    pub(crate) fn read(body: &mut dyn BufRead) -> io::Result<(Self, Vec<u8>)> {
        let mut bytes = Vec::new();
        let mut number = |bytes: &mut Vec<u8>| -> io::Result<Option<u64>> {
            let start = bytes.len();
            body.take(MAX_DIGITS).read_until(b'\n', bytes)?;
            let line = bytes.get(start..).and_then(|line| line.strip_suffix(b"\n"));
            Ok(line.and_then(|line| std::str::from_utf8(line).ok()?.parse().ok()))
        };
        let mut map = Self::default();
        let count = number(&mut bytes)?.unwrap_or(0);
        for _ in 0..count.min(MAX_PIECES as u64) {
            match (number(&mut bytes)?, number(&mut bytes)?) {
                (Some(offset), Some(len)) => map.add(offset, len),
                _ => break,
            }
        }
        let padding = bytes.len().next_multiple_of(512) - bytes.len();
        body.take(padding as u64).read_to_end(&mut bytes)?;
        Ok((map, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_meet_are_one_stretch() {
        let mut map = SparseMap::default();
        for (offset, len) in [(0, 512), (512, 100), (5000, 20), (9000, 0)] {
            map.add(offset, len);
        }
        assert_eq!(map.stretches(), [(0, 612), (5000, u64::MAX)]);
        assert_eq!(SparseMap::default().stretches(), []);
    }

    #[test]
    fn a_map_in_front_of_the_body() {
        let mut bytes = b"2\n0\n512\n4096\n7\n".to_vec();
        bytes.resize(512, 0);
        bytes.extend_from_slice(b"body");
        let mut rest = &bytes[..];
        let (map, read) = SparseMap::read(&mut rest).unwrap();
        assert_eq!(map.stretches(), [(0, 512), (4096, u64::MAX)]);
        assert_eq!((read.len(), rest), (512, &b"body"[..]));
        for hostile in [&b""[..], b"99999999999999999999\n", b"x", b"3\n1\n", &[b'1'; 2000]] {
            SparseMap::read(&mut &hostile[..]).unwrap();
        }
    }
}
