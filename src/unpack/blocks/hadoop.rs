//! Snappy as Hadoop writes it: the size of a text, and the blocks that it was compressed to, each behind its
//! length.

use super::{HEAD, Joined, MAX_PIECE, enter, enter_reader, lz, take};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The length of a size.
const SIZE: usize = 4;

/// Returns true if the first block decodes, or if its header fits and it is longer than what is at hand.
pub(super) fn begins(head: &[u8]) -> bool {
    let Some((size, packed, data)) = sizes(head) else { return false };
    if let Some(block) = data.get(..packed) {
        return lz::snappy(block, size).is_some_and(|text| !text.is_empty());
    }
    // A block begins with bytes that are no reference.
    let is_literal = |rest: &[u8]| rest.first().is_some_and(|tag| tag.trailing_zeros() >= 2);
    head.len() >= HEAD && lz::varint(data).is_some_and(|(len, rest)| len == size && is_literal(rest))
}

/// Reads the size of a text and the length of its first block.
fn sizes(head: &[u8]) -> Option<(u64, usize, &[u8])> {
    let (size, rest) = head.split_first_chunk::<SIZE>()?;
    let (packed, data) = rest.split_first_chunk::<SIZE>()?;
    let (size, packed) = (u64::from(u32::from_be_bytes(*size)), u32::from_be_bytes(*packed) as usize);
    let fits = |size: usize| packed <= snap::raw::max_compress_len(size) && packed > 1;
    let is_valid = (1..=MAX_PIECE).contains(&size) && fits(usize::try_from(size).ok()?);
    is_valid.then_some((size, packed, data))
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let mut left = 0;
    let mut first = next(raw, &mut left);
    if let Some(Err(bytes)) = first {
        // Containers in it are not lost.
        return enter(level, Compression::None, &bytes);
    }
    let blocks = std::iter::from_fn(|| first.take().or_else(|| next(raw, &mut left))?.ok());
    enter_reader(level, StepKind::Compression(Compression::Snappy), Joined::new(blocks));
}

/// Reads the next block, of a text of which `left` bytes are left. A block that does not decode is an error.
fn next(raw: &mut Raw<'_>, left: &mut u64) -> Option<Result<Vec<u8>, Vec<u8>>> {
    let head = raw.peek(2 * SIZE).ok()?;
    let size = if *left > 0 { *left } else { sizes(head)?.0 };
    let skipped = if *left > 0 { 0 } else { SIZE };
    let packed = u64::from(u32::from_be_bytes(*head.get(skipped..)?.first_chunk()?));
    if packed > MAX_PIECE * 2 {
        return None;
    }
    let header = skipped + SIZE;
    let bytes = take(raw, header as u64 + packed);
    match bytes.get(header..).and_then(|block| lz::snappy(block, size)).filter(|text| !text.is_empty()) {
        Some(text) => {
            *left = size - text.len() as u64;
            Some(Ok(text))
        }
        None => Some(Err(bytes)),
    }
}
