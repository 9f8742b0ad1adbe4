//! Sparse files, whose bodies hold only the data between the holes.

use std::io::{self, Read};

/// The maximum number of pieces that are remembered. Offsets after them count from the last known piece.
const MAX_PIECES: usize = 128 * 1024;
/// The maximum length of a map in front of the body, as in Go's `archive/tar`.
const MAX_MAP: usize = 1024 * 1024;
/// The length from which on a hole is shortened, in bytes.
const LONG: u64 = 1024 * 1024;
/// The part that is left out of a long hole is a multiple of this many bytes: of the largest page of a database and of the
/// blocks of file systems, which thus stay in line.
const UNIT: u64 = 64 * 1024;
/// The number of zeros that may always stand for a hole.
const FEW: u64 = 512;

/// The map from a sparse body to the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SparseMap {
    /// The offset in the file and the length of each piece, in the order of the body.
    pieces: Vec<(u64, u64)>,
    /// The length of the file, if it is known.
    size: Option<u64>,
    /// Whether there are more pieces than are remembered.
    is_cut: bool,
}

impl SparseMap {
    /// Adds the next piece of the body: `len` bytes at `offset` of the file.
    pub(super) fn add(&mut self, offset: u64, len: u64) {
        if self.pieces.len() < MAX_PIECES {
            self.pieces.push((offset, len));
        } else {
            self.is_cut = true;
        }
    }

    /// Adds the pieces of another map after those of this one.
    pub(super) fn append(&mut self, next: &Self) {
        for &(offset, len) in &next.pieces {
            self.add(offset, len);
        }
    }

    /// Sets the length of the file.
    pub(super) fn set_size(&mut self, size: u64) {
        self.size = Some(size);
    }

    /// Returns true if there are more pieces than are remembered.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Returns true if the pieces are in order and within the file, and together as long as the body of `stored`
    /// bytes.
    pub(super) fn fits(&self, stored: u64) -> bool {
        let size = self.size.unwrap_or(stored);
        let (mut end, mut data) = (0, 0_u64);
        for &(offset, len) in &self.pieces {
            let Some(behind) = offset.checked_add(len).filter(|&behind| behind <= size) else { return false };
            if offset < end {
                return false;
            }
            end = behind;
            data = data.saturating_add(len);
        }
        self.is_cut || data == stored
    }

    /// Returns the file for a search. Long holes are shortened. Zeros are taken from `allowance`. Once it is used
    /// up, few zeros stand for each hole.
    pub(crate) fn shortened(&self, stored: u64, allowance: &mut u64) -> Expansion {
        self.expansion(stored, |hole| {
            let zeros = if hole <= LONG { hole } else { LONG + hole % UNIT };
            match allowance.checked_sub(zeros) {
                Some(left) => {
                    *allowance = left;
                    zeros
                }
                None => hole.min(FEW + hole % FEW),
            }
        })
    }

    /// Returns the file as it is, or `None` if its holes have more zeros than `allowance`, from which they are
    /// taken.
    pub(crate) fn whole(&self, stored: u64, allowance: &mut u64) -> Option<Expansion> {
        let mut left = Some(*allowance);
        let expansion = self.expansion(stored, |hole| {
            left = left.and_then(|left| left.checked_sub(hole));
            hole
        });
        *allowance = left?;
        Some(expansion)
    }

    /// Returns the file whose data is a body of `stored` bytes. `zeros` says how many zeros stand for a hole of
    /// a given length. Bytes that the map does not cover follow the last piece.
    fn expansion(&self, stored: u64, mut zeros: impl FnMut(u64) -> u64) -> Expansion {
        let mut expansion = Expansion { stretches: Vec::new() };
        let (mut end, mut left) = (0_u64, stored);
        for &(offset, len) in &self.pieces {
            let len = len.min(left);
            if len == 0 {
                continue;
            }
            if end == offset
                && let Some(last) = expansion.stretches.last_mut()
            {
                last.data += len;
            } else {
                expansion.push(zeros(offset.saturating_sub(end)), offset, len);
            }
            left -= len;
            end = offset.saturating_add(len);
        }
        match expansion.stretches.last_mut() {
            Some(last) => last.data += left,
            None => expansion.push(0, 0, left),
        }
        end = end.saturating_add(left);
        if let Some(hole) = self.size.and_then(|size| size.checked_sub(end)).filter(|&hole| hole > 0) {
            expansion.push(zeros(hole), end.saturating_add(hole), 0);
        }
        expansion
    }
}

/// A sparse file as zeros and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expansion {
    stretches: Vec<Stretch>,
}

/// A hole, and the data after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    /// The number of zeros that stand for the hole.
    zeros: u64,
    /// The length of the data.
    data: u64,
    /// The offset of the data in the file.
    in_file: u64,
    /// The offset of the data in the body.
    in_body: u64,
    /// The offset of the data in what [`Expansion::reader`] gives.
    in_reader: u64,
}

impl Expansion {
    fn push(&mut self, zeros: u64, in_file: u64, data: u64) {
        let (in_body, end) = self.stretches.last().map_or((0, 0), |last| {
            (last.in_body.saturating_add(last.data), last.in_reader.saturating_add(last.data))
        });
        self.stretches.push(Stretch { zeros, data, in_file, in_body, in_reader: end.saturating_add(zeros) });
    }

    /// Returns the number of bytes that [`Self::reader`] gives.
    pub(crate) fn len(&self) -> u64 {
        self.stretches.last().map_or(0, |last| last.in_reader.saturating_add(last.data))
    }

    /// Returns a reader of the file over its body.
    pub(crate) fn reader<R: Read>(&self, body: R) -> Expanded<'_, R> {
        let mut stretches = self.stretches.iter();
        let now = stretches.next().copied();
        Expanded { body, now, stretches }
    }

    /// Returns the offset in the file of a byte of the body.
    pub(crate) fn of_body(&self, offset: u64) -> u64 {
        self.moved(offset, |stretch| stretch.in_body)
    }

    /// Returns the offset in the file of a byte that [`Self::reader`] gives.
    pub(crate) fn of_reader(&self, offset: u64) -> u64 {
        self.moved(offset, |stretch| stretch.in_reader)
    }

    fn moved(&self, offset: u64, from: impl Fn(&Stretch) -> u64) -> u64 {
        let behind = self.stretches.partition_point(|stretch| from(stretch) <= offset);
        match behind.checked_sub(1).and_then(|last| self.stretches.get(last)) {
            Some(stretch) => (offset - from(stretch)).saturating_add(stretch.in_file),
            None => offset,
        }
    }
}

/// A reader of a sparse file over its body.
pub(crate) struct Expanded<'a, R> {
    body: R,
    /// The rest of the current stretch.
    now: Option<Stretch>,
    stretches: std::slice::Iter<'a, Stretch>,
}

impl<R: Read> Read for Expanded<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        while let Some(now) = &mut self.now {
            if now.zeros > 0 {
                let n = room(now.zeros);
                out.get_mut(..n).unwrap_or_default().fill(0);
                now.zeros -= n as u64;
                return Ok(n);
            }
            if now.data > 0 {
                let n = room(now.data);
                let n = self.body.read(out.get_mut(..n).unwrap_or_default())?;
                now.data = now.data.saturating_sub(n as u64);
                return Ok(n);
            }
            self.now = self.stretches.next().copied();
        }
        Ok(0)
    }
}

/// A reader of a map in front of a body (pax 1.0): decimal numbers, one per line, starting with the number of
/// pieces, padded to a whole block.
#[derive(Debug, Default)]
pub(super) struct MapReader {
    /// The number of pieces that are still to come, once it is known.
    left: Option<u64>,
    /// The number that is being read.
    number: Option<u64>,
    /// The offset of a piece whose length is still to come.
    offset: Option<u64>,
    passed: usize,
    is_invalid: bool,
}

impl MapReader {
    /// Returns true if nothing more belongs to the map.
    pub(super) fn is_done(&self) -> bool {
        self.is_invalid || self.left == Some(0)
    }

    /// Returns true if the map was read to its end.
    pub(super) fn is_valid(&self) -> bool {
        !self.is_invalid && self.left == Some(0)
    }

    /// Returns true if there is not even a number of pieces.
    pub(super) fn is_no_map(&self) -> bool {
        self.is_invalid && self.left.is_none()
    }

    /// Reads the next block.
    pub(super) fn read(&mut self, block: &[u8], map: &mut SparseMap) {
        self.passed += block.len();
        self.is_invalid |= self.passed > MAX_MAP;
        for &byte in block {
            if self.is_done() {
                return;
            }
            match (byte, self.number) {
                (b'0'..=b'9', number) => {
                    let longer = number.unwrap_or(0).checked_mul(10);
                    self.number = longer.and_then(|number| number.checked_add(u64::from(byte - b'0')));
                    self.is_invalid |= self.number.is_none();
                }
                (b'\n', Some(number)) => {
                    self.number = None;
                    self.end_line(number, map);
                }
                _ => self.is_invalid = true,
            }
        }
    }

    fn end_line(&mut self, number: u64, map: &mut SparseMap) {
        match (&mut self.left, self.offset.take()) {
            (None, _) => self.left = Some(number),
            (Some(_), None) => self.offset = Some(number),
            (Some(left), Some(offset)) => {
                map.add(offset, number);
                *left = left.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pieces: &[(u64, u64)], size: u64) -> SparseMap {
        let mut map = SparseMap { size: Some(size), ..SparseMap::default() };
        for &(offset, len) in pieces {
            map.add(offset, len);
        }
        map
    }

    fn read(expansion: &Expansion, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        expansion.reader(body).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, expansion.len());
        bytes
    }

    #[test]
    fn a_file_with_its_holes() {
        for (pieces, size, expected) in [
            (&[(0, 2), (4, 2)][..], 7, &b"ab\0\0cd\0"[..]),
            (&[(3, 1), (4, 3)], 7, b"\0\0\0abcd"),
            (&[(0, 4), (9, 0)], 4, b"abcd"),
            (&[(1, 1)], 2, b"\0abcd"),
            (&[(1, 9)], 10, b"\0abcd\0\0\0\0\0"),
            (&[(5, 2), (0, 2)], 7, b"\0\0\0\0\0abcd\0\0\0\0\0"),
            (&[], 3, b"abcd"),
            (&[], 6, b"abcd\0\0"),
        ] {
            let whole = map(pieces, size).whole(4, &mut 1000).unwrap();
            assert_eq!(read(&whole, b"abcd"), expected, "{pieces:?}");
        }
        assert_eq!(map(&[(1 << 40, 4)], 1 << 40).whole(4, &mut 1000), None);
    }

    #[test]
    fn maps_that_go_accepts() {
        for (pieces, size, fits) in [
            (&[(0, 2), (4, 2)][..], 7, true),
            (&[(0, 2), (2, 2), (7, 0)], 7, true),
            (&[(0, 2), (4, 2)], 5, false),
            (&[(0, 2), (1, 2)], 7, false),
            (&[(4, 2), (0, 2)], 7, false),
            (&[(0, 2)], 7, false),
            (&[(0, 5)], 7, false),
            (&[(u64::MAX, 4)], u64::MAX, false),
        ] {
            assert_eq!(map(pieces, size).fits(4), fits, "{pieces:?}");
        }
    }

    #[test]
    fn long_holes_cost_little_and_keep_their_places() {
        let (far, page) = (1 << 40, (1 << 41) + 4096);
        let map = map(&[(0, 1), (5000, 1), (far, 2), (page, 4)], 1 << 50);
        let short = map.shortened(8, &mut (8 << 20));
        let bytes = read(&short, b"abccdddd");
        assert!(bytes.len() < 5 << 20);
        for (letter, place) in [(b'a', 0), (b'b', 5000), (b'c', far), (b'd', page)] {
            let at = bytes.iter().position(|&b| b == letter).unwrap() as u64;
            assert_eq!(short.of_reader(at), place);
            assert_eq!(at % UNIT, place % UNIT, "pages stay in line");
        }
        assert_eq!([0, 1, 2, 3, 4, 7].map(|at| short.of_body(at)), [0, 5000, far, far + 1, page, page + 3]);
        let few = read(&map.shortened(8, &mut 0), b"abccdddd");
        assert!(few.len() < 8192, "{}", few.len());
    }

    #[test]
    fn a_map_in_front_of_the_body() {
        let padded = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.resize(bytes.len().next_multiple_of(512), 0);
            bytes
        };
        let read = |bytes: &[u8]| {
            let (mut reader, mut map) = (MapReader::default(), SparseMap::default());
            let blocks = bytes.chunks(512).take_while(|block| {
                let more = !reader.is_done();
                if more {
                    reader.read(block, &mut map);
                }
                more
            });
            let blocks = blocks.count();
            reader.is_valid().then_some((blocks, map.pieces))
        };
        assert_eq!(read(&padded("2\n0\n512\n4096\n7\n")), Some((1, vec![(0, 512), (4096, 7)])));
        assert_eq!(read(&padded("0\n")), Some((1, vec![])));
        let many = "1000\n7\n".repeat(100);
        assert_eq!(read(&padded(&format!("100\n{many}"))).unwrap().0, 2);
        for hostile in
            [&b""[..], b"99999999999999999999\n", b"x", b"3\n1\n", b"1\n\n2\n", &[b'1'; 2000], b"1\n-1\n2\n"]
        {
            assert_eq!(read(hostile), None);
        }
    }
}
