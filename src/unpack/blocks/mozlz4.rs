//! Session and search files of Firefox: a header and one block of lz4.

use super::{MAX_PIECE, enter, lz, take, too_large};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

const MAGIC: &[u8] = b"mozLz40\0";
const HEADER: usize = 12;

pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let size = raw.peek(HEADER).ok().and_then(|head| head.get(MAGIC.len()..HEADER)?.first_chunk().copied());
    let Some(size) = size.map(u32::from_le_bytes) else { return };
    if u64::from(size) > MAX_PIECE {
        return too_large(level, StepKind::Compression(Compression::Lz4), "an lz4 block", MAX_PIECE);
    }
    let bytes = take(raw, MAX_PIECE + HEADER as u64);
    let decoded = lz::lz4(bytes.get(HEADER..).unwrap_or_default(), usize::try_from(size).unwrap_or_default());
    enter(level, Compression::Lz4, &decoded.unwrap_or_default());
}
