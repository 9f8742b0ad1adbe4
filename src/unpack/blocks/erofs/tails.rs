//! Clusters that lie behind the inode of their file (tail packing), in blocks of metadata.

use super::{BLOCK, MAX_DECODED, lz};
use crate::stream::Compression;

/// The distance of the places at which an inode may begin.
pub(super) const SLOT: usize = 32;
/// The bits of a map that say that the indexes take two bytes each, and that the last cluster is behind them.
const SHORT_INDEXES: u16 = 1;
const BEHIND_INDEXES: u16 = 8;

/// Returns the contents of clusters behind inodes that begin in the first block of `bytes`.
pub(super) fn of(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..BLOCK).step_by(SLOT).filter_map(|at| {
        let cluster = bytes.get(place(bytes, at)?)?;
        // Zeros may be in front of it.
        let zeros = cluster.iter().take_while(|&&b| b == 0).count();
        lz::decode(Compression::Lz4, cluster.get(zeros..)?, MAX_DECODED as u64)
    })
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

/// Returns the size of the extended attributes behind the inode at `at`.
pub(super) fn attributes(bytes: &[u8], at: usize) -> Option<usize> {
    Some(match usize::from(u16_at(bytes, at + 2)?) {
        0 => 0,
        count => 8 + 4 * count,
    })
}

/// Returns the range of the cluster behind the inode at `at`.
fn place(bytes: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let format = u16_at(bytes, at)?;
    let is_file = u16_at(bytes, at + 4)? & 0xf000 == 0x8000;
    let (is_extended, layout) = (format & 1 != 0, format >> 1);
    if !is_file || !matches!(layout, 1 | 3) {
        return None;
    }
    let size = u32::from_le_bytes(*bytes.get(at + 8..)?.first_chunk()?) as usize;
    let attributes = attributes(bytes, at)?;
    let map = (at + if is_extended { 64 } else { 32 } + attributes).next_multiple_of(8);
    let (len, advice) = (usize::from(u16_at(bytes, map + 2)?), u16_at(bytes, map + 4)?);
    // The algorithm is lz4, and an index stands for a block.
    let &[algorithm, size_of_index] = bytes.get(map + 6..)?.first_chunk()?;
    let is_usual = algorithm.is_multiple_of(16) && size_of_index.is_multiple_of(8);
    if advice & BEHIND_INDEXES == 0 || !is_usual || size == 0 {
        return None;
    }
    let last = (size - 1) / BLOCK;
    let start = if layout == 1 { map + 16 + 8 * (last + 1) } else { behind_packed(map + 8, last, advice) };
    let end = start.checked_add(len)?;
    let is_within_block = len > 0 && start / BLOCK == (end - 1) / BLOCK;
    is_within_block.then_some(start..end)
}

/// Returns the end of the indexes from `start` to the one with the number `last`. Two of four bytes each are packed
/// together, or 16 of two bytes each. The latter are aligned, and begin behind some of the former.
fn behind_packed(start: usize, last: usize, advice: u16) -> usize {
    const PACK: usize = 32;
    let first = (PACK - start % PACK) / 4 % 8;
    let short = if advice & SHORT_INDEXES != 0 { (last + 1).saturating_sub(first) / 16 * 16 } else { 0 };
    let (at, width, count) = if last < first {
        (start + 4 * last, 4, 2)
    } else if last - first < short {
        (start + 4 * first + 2 * (last - first), 2, 16)
    } else {
        (start + 4 * first + 2 * short + 4 * (last - first - short), 4, 2)
    };
    at / (width * count) * (width * count) + width * count
}
