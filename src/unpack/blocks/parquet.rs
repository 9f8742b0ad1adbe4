//! Parquet: pages of columns behind headers in Thrift's compact protocol. Only the end of the file says how
//! they are compressed. In pages of Snappy, lz4 and Brotli it shows: they decode to the size in the header.

use super::lz::{self, varint};
use super::{HEAD, MAX_PIECE, enter, take, too_large};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The header of a page.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    header: usize,
    /// The size of its data as stored and decoded.
    packed: u64,
    len: u64,
    /// The bytes at the start of the data that are never compressed.
    levels: u64,
}

/// The types of the compact protocol.
const BINARY: u8 = 8;
const I32: u8 = 5;
const STRUCT: u8 = 12;
/// The maximum nesting of structures in a header.
const DEEP: usize = 4;
/// The maximum number of fields in a header. The longest has 22.
const MAX_FIELDS: usize = 40;

/// Returns the offset of the next bytes that may be a header.
pub(super) fn next(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0x15, bytes).find(|&at| {
        let head = bytes.get(at..).unwrap_or_default();
        head.len() < HEAD || Page::read(head).is_some()
    })
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) -> bool {
    let Ok(head) = raw.peek(HEAD) else { return false };
    let Some(page) = Page::read(head) else { return false };
    let data = usize::try_from(page.levels).ok().and_then(|levels| head.get(page.header + levels..));
    if page.packed == page.len || data.is_none_or(|data| Compression::of(data) != Compression::None) {
        // It is searched as it is, and streams with a magic number are found in it.
        return false;
    }
    if page.packed.max(page.len) > MAX_PIECE {
        too_large(level, StepKind::Compression(Compression::Snappy), "a page", MAX_PIECE);
        return false;
    }
    let bytes = take(raw, page.header as u64 + page.packed);
    let start = page.header + usize::try_from(page.levels).unwrap_or_default();
    let (data, len) = (bytes.get(start..).unwrap_or_default(), page.len - page.levels);
    if let Some(text) = lz::snappy(data, len).filter(|text| text.len() as u64 == len) {
        enter(level, Compression::Snappy, &text);
    } else if let Some(text) = lz4(data, usize::try_from(len).unwrap_or_default()) {
        enter(level, Compression::Lz4, &text);
    } else if let Some(text) =
        lz::decode(Compression::Brotli, data, len).filter(|text| text.len() as u64 == len)
    {
        enter(level, Compression::Brotli, &text);
    } else {
        // Containers in it are not lost.
        enter(level, Compression::None, &bytes);
    }
    true
}

/// Decodes a block of lz4, alone or behind its two sizes, as Hadoop writes it.
fn lz4(data: &[u8], len: usize) -> Option<Vec<u8>> {
    let sized = || {
        let (size, rest) = data.split_first_chunk()?;
        let (packed, rest) = rest.split_first_chunk()?;
        let fits =
            u32::from_be_bytes(*size) as usize == len && u32::from_be_bytes(*packed) as usize == rest.len();
        fits.then(|| lz::lz4(rest, len)).flatten()
    };
    sized().or_else(|| lz::lz4(data, len))
}

impl Page {
    fn read(head: &[u8]) -> Option<Self> {
        // The kind of page, and both sizes.
        let (kind, rest) = int(head.strip_prefix(&[0x15])?)?;
        let (len, rest) = int(rest.strip_prefix(&[0x15])?)?;
        let (packed, mut rest) = int(rest.strip_prefix(&[0x15])?)?;
        let mut field = 3;
        if let Some(behind) = rest.strip_prefix(&[0x15]) {
            (_, rest) = int(behind)?;
            field = 4;
        }
        // The structure with the details of this kind.
        let expected = match kind {
            0 => 5,
            2 => 7,
            3 => 8,
            _ => return None,
        };
        let (&first, behind) = rest.split_first()?;
        if first & 15 != STRUCT || first >> 4 != expected - field {
            return None;
        }
        let mut levels = 0;
        let mut fields = MAX_FIELDS;
        let rest = structure(behind, DEEP, &mut fields, &mut |field, value| {
            if kind == 3 && matches!(field, 5 | 6) {
                levels += value;
            }
        })?;
        let rest = rest.strip_prefix(&[0])?;
        let is_valid = packed > 0 && len > 0 && levels <= len && levels <= packed;
        is_valid.then(|| Self { header: head.len() - rest.len(), packed, len, levels })
    }
}

/// Reads a number that is not negative.
fn int(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = varint(bytes)?;
    (number & 1 == 0).then_some((number >> 1, rest)).filter(|(number, _)| *number < 1 << 31)
}

/// Reads past a structure and passes on its numbers.
fn structure<'a>(
    mut bytes: &'a [u8],
    deep: usize,
    left: &mut usize,
    found: &mut dyn FnMut(u64, u64),
) -> Option<&'a [u8]> {
    let mut field = 0;
    loop {
        let (&first, mut rest) = bytes.split_first()?;
        if first == 0 {
            return Some(rest);
        }
        *left = left.checked_sub(1)?;
        match first >> 4 {
            0 => {
                let (id, behind) = varint(rest)?;
                (field, rest) = (id >> 1, behind);
            }
            delta => field = u64::from(delta).saturating_add(field),
        }
        bytes = match first & 15 {
            1 | 2 => rest,
            3 => rest.get(1..)?,
            I32 | 4 | 6 => {
                let (value, behind) = varint(rest)?;
                found(field, value >> 1);
                behind
            }
            BINARY => {
                let (len, behind) = varint(rest)?;
                behind.get(usize::try_from(len).ok()?..)?
            }
            STRUCT => structure(rest, deep.checked_sub(1)?, left, &mut |_, _| {})?,
            _ => return None,
        };
    }
}
