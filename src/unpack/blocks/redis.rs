//! Dumps of Redis: strings that compress are stored in LZF, behind the byte C3 and two lengths.

use super::{HEAD, MAX_PIECE, enter, lz, take};
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The cost of a trial that fails.
const COST: u64 = 2;
/// The number of bytes of a long string that are decoded on trial.
const TRIAL: usize = 512;

/// A compressed string: the length of its header, of its data, and of its text.
#[derive(Debug, PartialEq, Eq)]
struct Packed {
    header: usize,
    size: u64,
    len: u64,
}

pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"REDIS") && head.get(5..9).is_some_and(|version| version.iter().all(u8::is_ascii_digit))
}

/// Returns the offset of the next string that may be compressed. At the end of the bytes, it may be.
pub(super) fn next(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xc3, bytes).find(|&at| {
        let head = bytes.get(at..).unwrap_or_default();
        head.len() < HEAD || Packed::read(head).is_some()
    })
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) -> bool {
    let Ok(head) = raw.peek(HEAD) else { return false };
    let probes = &mut level.unpacker.probes;
    let Some(packed) = Packed::read(head).filter(|_| probes.may_try()) else { return false };
    if !packed.decodes(head) {
        probes.charge(COST);
        return false;
    }
    let bytes = take(raw, packed.header as u64 + packed.size);
    let most = usize::try_from(packed.len).unwrap_or_default();
    let (text, _) = lz::lzf(bytes.get(packed.header..).unwrap_or_default(), most);
    enter(level, Compression::Lzf, &text);
    true
}

impl Packed {
    fn read(head: &[u8]) -> Option<Self> {
        let (packed, rest) = length(head.strip_prefix(b"\xc3")?)?;
        let (len, rest) = length(rest)?;
        // Redis stores a string so if it saves four bytes. Three bytes of LZF make 264 at most.
        let fits = (1..=MAX_PIECE).contains(&packed) && packed + 4 <= len && len <= packed * 88;
        fits.then(|| Self { header: head.len() - rest.len(), size: packed, len })
    }

    /// Returns true if the data decodes, as far as it is among these bytes.
    fn decodes(&self, head: &[u8]) -> bool {
        let data = head.get(self.header..).unwrap_or_default();
        let most = usize::try_from(self.len).unwrap_or(usize::MAX);
        match usize::try_from(self.size).ok().and_then(|size| data.get(..size)) {
            Some(data) if data.len() <= TRIAL => {
                let (text, is_whole) = lz::lzf(data, most);
                is_whole && text.len() == most
            }
            // The last element may be cut. Random bytes fail much earlier.
            _ => lz::lzf(data.get(..TRIAL).unwrap_or(data), most).0.len() >= TRIAL / 2,
        }
    }
}

/// Reads a length (`rdbLoadLen`).
fn length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..0x40 => Some((u64::from(first), rest)),
        0x40..0x80 => {
            let (&second, rest) = rest.split_first()?;
            Some((u64::from(first & 0x3f) << 8 | u64::from(second), rest))
        }
        0x80 => rest.split_first_chunk().map(|(len, rest)| (u64::from(u32::from_be_bytes(*len)), rest)),
        0x81 => rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), rest)),
        _ => None,
    }
}
