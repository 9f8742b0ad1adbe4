//! Files that are not compressed, and whose last bytes lie behind their inode.

use std::ops::Range;

use super::super::MAX_WHOLE;
use super::BLOCK;
use super::tails::{SLOT, attributes, u16_at};

/// A file: the blocks that it fills, and the rest.
pub(super) struct File {
    pub(super) blocks: Range<usize>,
    pub(super) rest: Range<usize>,
}

/// Returns the files whose inode lies in an image, or in its start. The ranges may lie behind it.
pub(super) fn files(image: &[u8]) -> impl Iterator<Item = File> {
    (0..image.len()).step_by(SLOT).filter_map(|at| file(image, at))
}

/// Returns true if the inode of a compressed file may lie in an image, or in its start.
pub(super) fn has_packed(image: &[u8]) -> bool {
    let layout = |at: usize| u16_at(image, at).filter(|_| is_file(image, at));
    (0..image.len()).step_by(SLOT).any(|at| layout(at).is_some_and(|format| matches!(format, 2 | 3 | 6 | 7)))
}

fn is_file(image: &[u8], at: usize) -> bool {
    u16_at(image, at + 4).is_some_and(|mode| mode & 0xf000 == 0x8000)
}

fn file(image: &[u8], at: usize) -> Option<File> {
    // The layout, and whether the inode is extended.
    let head = match u16_at(image, at)? {
        4 => 32,
        5 => 64,
        _ => return None,
    };
    let u32_at = |at: usize| Some(u32::from_le_bytes(*image.get(at..)?.first_chunk()?) as usize);
    let (size, block) = (u32_at(at + 8)?, u32_at(at + 16)?);
    let is_usual = is_file(image, at) && (head == 32 || u32_at(at + 12)? == 0);
    let (whole, rest) = (size / BLOCK * BLOCK, size % BLOCK);
    let start = at + head + attributes(image, at)?;
    let is_within_block = rest > 0 && start / BLOCK == (start + rest - 1) / BLOCK;
    let from = block.checked_mul(BLOCK)?;
    let file = File { blocks: from..from.checked_add(whole)?, rest: start..start + rest };
    (is_usual && whole > 0 && from > 0 && is_within_block).then_some(file)
}

/// The contents of files, and the offsets at which they begin. Hostile inodes may name the same blocks, so the size of
/// all contents is limited to that of the largest image that is held, twice.
pub(super) struct Contents<'i, I> {
    pub(super) image: &'i [u8],
    pub(super) files: I,
    pub(super) left: u64,
    /// Whether a file lies behind what is at hand, or the limit was reached.
    pub(super) missed: bool,
}

impl<'i, I> Contents<'i, I> {
    pub(super) fn new(image: &'i [u8], files: I) -> Self {
        Self { image, files, left: 2 * MAX_WHOLE, missed: false }
    }
}

impl<I: Iterator<Item = File>> Iterator for Contents<'_, I> {
    type Item = (u64, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let File { blocks, rest } = self.files.next()?;
            let start = blocks.start as u64;
            let (Some(blocks), Some(rest)) = (self.image.get(blocks), self.image.get(rest)) else {
                self.missed = true;
                continue;
            };
            let len = (blocks.len() + rest.len()) as u64;
            let Some(left) = self.left.checked_sub(len) else {
                self.missed = true;
                continue;
            };
            self.left = left;
            return Some((start, [blocks, rest].concat()));
        }
    }
}
