//! Avro: blocks of records behind their sizes. The header names their compression.

use super::{HEAD, Joined, MAX_PIECE, enter_reader, lz, take, too_large};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

const MAGIC: &[u8] = b"Obj\x01";
/// The length of the mark behind each block, and of the checksum behind a block of Snappy.
const SYNC: u64 = 16;
const SUM: usize = 4;
/// The longest key or value of the header. It holds the schema.
const MAX_VALUE: u64 = 4 << 20;
const MAX_VALUES: u64 = 1000;

pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    take(raw, MAGIC.len() as u64);
    let Some(compression) = codec(raw) else { return };
    let step = StepKind::Compression(compression);
    let mut is_large = false;
    let blocks = std::iter::from_fn(|| block(raw, compression, &mut is_large));
    enter_reader(level, step.clone(), Joined::new(blocks));
    if is_large {
        too_large(level, step, "a block", MAX_PIECE);
    }
}

/// Reads the header up to the first block.
fn codec(raw: &mut Raw<'_>) -> Option<Compression> {
    let mut found = None;
    loop {
        let mut count = long(raw)?;
        if count == 0 {
            take(raw, SYNC);
            return found;
        }
        if count < 0 {
            // The size of the entries in bytes comes first.
            long(raw)?;
            count = count.checked_neg()?;
        }
        for _ in 0..u64::try_from(count).ok().filter(|&count| count <= MAX_VALUES)? {
            let key = value(raw)?;
            let value = value(raw)?;
            if key == b"avro.codec" {
                found = match &value[..] {
                    b"deflate" => Some(Compression::Zlib),
                    b"snappy" => Some(Compression::Snappy),
                    b"zstandard" => Some(Compression::Zstd),
                    b"bzip2" => Some(Compression::Bzip2),
                    b"xz" => Some(Compression::Xz),
                    _ => None,
                };
            }
        }
    }
}

fn value(raw: &mut Raw<'_>) -> Option<Vec<u8>> {
    let len = u64::try_from(long(raw)?).ok().filter(|&len| len <= MAX_VALUE)?;
    let bytes = take(raw, len);
    (bytes.len() as u64 == len).then_some(bytes)
}

/// Reads a number whose lowest bit is its sign.
fn long(raw: &mut Raw<'_>) -> Option<i64> {
    let head = raw.peek(HEAD).ok()?;
    let (number, rest) = lz::varint(head)?;
    let len = head.len() - rest.len();
    take(raw, len as u64);
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Reads the next block. One that does not decode comes unchanged.
fn block(raw: &mut Raw<'_>, compression: Compression, is_large: &mut bool) -> Option<Vec<u8>> {
    let count = long(raw)?;
    let size = u64::try_from(long(raw)?).ok()?;
    if count < 0 || size > MAX_PIECE {
        *is_large |= count >= 0;
        return None;
    }
    let bytes = take(raw, size);
    take(raw, SYNC);
    let sum = if compression == Compression::Snappy { SUM } else { 0 };
    let packed = bytes.len().checked_sub(sum).and_then(|len| bytes.get(..len));
    let out = packed.and_then(|packed| lz::decode(compression, packed, MAX_PIECE));
    if out.is_none() {
        *is_large |= packed.is_some_and(|packed| lz::exceeds(compression, packed, MAX_PIECE));
    }
    Some(out.unwrap_or(bytes))
}
