//! Packs made by hand.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix_object::Kind;

pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Encodes the start of an entry header: the kind and a size.
pub(super) fn head(kind: u8, size: u64) -> Vec<u8> {
    let mut bytes = vec![kind << 4 | (size & 15) as u8];
    let mut rest = size >> 4;
    while rest > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push((rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes
}

/// Encodes a size at the start of a delta.
pub(super) fn size(mut size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = size >> 7 != 0;
        bytes.push((size & 0x7f) as u8 | if more { 0x80 } else { 0 });
        size >>= 7;
        if !more {
            return bytes;
        }
    }
}

/// Encodes the distance to the base of a delta.
pub(super) fn distance(distance: u64) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}

/// A pack under construction.
pub(super) struct Pack {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u32,
}

impl Pack {
    pub(super) fn new() -> Self {
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), count: 0 }
    }

    /// Adds an entry and returns its offset.
    pub(super) fn add(&mut self, head: &[u8], content: &[u8]) -> usize {
        self.add_stream(head, &zlib(content))
    }

    pub(super) fn add_stream(&mut self, head: &[u8], stream: &[u8]) -> usize {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(stream);
        self.count += 1;
        at
    }

    pub(super) fn blob(&mut self, content: &[u8]) -> usize {
        self.add(&head(3, content.len() as u64), content)
    }

    /// Adds a delta of the entry at `base`.
    pub(super) fn delta(&mut self, base: usize, delta: &[u8]) -> usize {
        let back = (self.bytes.len() - base) as u64;
        self.add(&[head(6, delta.len() as u64), distance(back)].concat(), delta)
    }

    /// Adds a delta of the blob with this ID.
    pub(super) fn delta_of(&mut self, id: &[u8], delta: &[u8]) -> usize {
        self.add(&[&head(7, delta.len() as u64)[..], id].concat(), delta)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&self.count.to_be_bytes());
        self.bytes.extend([b'#'; 20]);
        self.bytes
    }
}

/// Returns a delta that copies `copied` bytes from the start of its base and then inserts `inserted`.
pub(super) fn edit(base: usize, copied: usize, inserted: &[u8]) -> Vec<u8> {
    let mut delta = [size(base as u64), size((copied + inserted.len()) as u64)].concat();
    delta.extend(copy(copied));
    for piece in inserted.chunks(127) {
        delta.push(u8::try_from(piece.len()).unwrap());
        delta.extend_from_slice(piece);
    }
    delta
}

/// Returns the instruction that copies `len` bytes from the start of the base.
pub(super) fn copy(len: usize) -> Vec<u8> {
    if len == 0 {
        return Vec::new();
    }
    let [.., c, b, a] = u32::try_from(len).unwrap().to_be_bytes();
    vec![0b1111_0000, a, b, c]
}

pub(super) fn id(content: &[u8]) -> Vec<u8> {
    gix_object::compute_hash(gix_hash::Kind::Sha1, Kind::Blob, content).unwrap().as_bytes().to_vec()
}
