//! The inodes and the directories of an image, collected while it goes by. Files are known by their inodes, and their
//! paths by the directories.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::ops::Range;

use super::tails::{SLOT, attributes, u16_at};
use super::{BLOCK, HEADER};
use crate::detect::may_keep;

/// The maximum number of inodes, and of bytes of directories and of ends of files that are kept.
const MAX_INODES: usize = 1 << 19;
const MAX_DIRECTORIES: usize = 32 << 20;
const MAX_ENDS: usize = 64 << 20;
/// The length of the start of an end that is kept beyond that: more than the shortest token.
const SIDE: usize = 128;
/// The maximum number of directories above a file.
const MAX_DEPTH: usize = 64;
/// The length of an entry of a directory, without its name.
const ENTRY: usize = 12;
/// The kinds of entry.
const FILE: u8 = 1;
const DIRECTORY: u8 = 2;

/// A file or directory that is not compressed: the blocks that it fills, and the rest, which may lie behind the inode.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) blocks: Range<usize>,
    pub(super) rest: Range<usize>,
    /// The bytes of the rest, if they are kept.
    pub(super) end: Vec<u8>,
}

/// The parts of an image that were read so far.
#[derive(Default)]
pub(super) struct Survey {
    /// The block that is not whole yet, and its offset.
    block: Vec<u8>,
    at: usize,
    /// The offset of the first inode, and the number of that of the root.
    inodes_at: usize,
    root: u64,
    /// Files and directories by the offset of their inode.
    files: HashMap<usize, Node>,
    directories: HashMap<usize, Node>,
    /// The blocks that may be those of directories, by offset.
    listings: HashMap<usize, Vec<u8>>,
    kept: usize,
    ends: usize,
    /// Whether something was left out.
    pub(super) missed: bool,
}

impl Survey {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at((BLOCK - self.block.len()).min(bytes.len()));
            self.block.extend(now);
            bytes = later;
            if self.block.len() == BLOCK {
                let mut block = std::mem::take(&mut self.block);
                self.read(&block);
                self.at += BLOCK;
                block.clear();
                self.block = block;
            }
        }
    }

    fn read(&mut self, block: &[u8]) {
        if self.at == 0 {
            let header = block.get(HEADER..).unwrap_or_default();
            self.root = u64::from(u16_at(header, 14).unwrap_or_default());
            self.inodes_at = u32_at(header, 40).unwrap_or_default().saturating_mul(BLOCK);
        }
        if is_listing(block) && self.may_keep(BLOCK) {
            self.listings.insert(self.at, block.to_vec());
        }
        for at in (0..BLOCK).step_by(SLOT) {
            let Some((is_directory, mut node)) = node(block, at) else { continue };
            let rest = block.get(node.rest.clone()).unwrap_or_default();
            let is_behind = !node.rest.is_empty();
            if is_directory && self.may_keep(rest.len()) {
                node.end = rest.to_vec();
            } else if is_behind && !node.blocks.is_empty() {
                let is_over = self.ends + rest.len() > MAX_ENDS;
                self.missed |= is_over && rest.len() > SIDE;
                node.end = rest.get(..if is_over { SIDE } else { usize::MAX }).unwrap_or(rest).to_vec();
                self.ends += node.end.len();
            }
            if self.files.len() + self.directories.len() >= MAX_INODES {
                self.missed = true;
                return;
            }
            node.rest = if is_behind {
                self.at + node.rest.start..self.at + node.rest.end
            } else {
                // The rest fills a part of a block.
                node.blocks.end..node.blocks.end + node.rest.start
            };
            let nodes = if is_directory { &mut self.directories } else { &mut self.files };
            nodes.insert(self.at + at, node);
        }
    }

    fn may_keep(&mut self, len: usize) -> bool {
        let may = self.kept + len <= MAX_DIRECTORIES;
        self.missed |= !may;
        self.kept += if may { len } else { 0 };
        may
    }

    /// Returns the files whose last bytes lie behind their inode, in order of their blocks, and the files at whose paths
    /// a credential may be kept.
    pub(super) fn files(mut self) -> (Vec<Node>, Vec<(Vec<u8>, Node)>) {
        let (mut named, mut kept) = (Vec::new(), Vec::new());
        let mut seen = HashSet::from([self.root]);
        let mut next = vec![(self.root, Vec::new(), 0)];
        while let Some((number, path, depth)) = next.pop() {
            let Some(node) = self.inode(number).and_then(|at| self.directories.remove(&at)) else { continue };
            let blocks = node.blocks.step_by(BLOCK).chain([node.rest.start]);
            let blocks = blocks.filter_map(|at| self.listings.get(&at)).map(Vec::as_slice);
            for (name, number, kind) in blocks.chain([&*node.end]).flat_map(entries) {
                let path = if depth == 0 { name.to_vec() } else { [&path, name].join(&b'/') };
                let is_new = !matches!(name, b"." | b"..") && seen.insert(number);
                if kind == DIRECTORY && is_new && depth < MAX_DEPTH {
                    next.push((number, path, depth + 1));
                } else if kind == FILE
                    && let Some(at) = self.inode(number)
                {
                    if may_keep(&path)
                        && let Some(node) = self.files.get(&at)
                    {
                        kept.push((path, node.clone()));
                    }
                    named.push(at);
                }
            }
        }
        let mut behind: Vec<Node> = named.iter().filter_map(|at| self.files.remove(at)).collect();
        behind.retain(|node| !node.end.is_empty() && !node.blocks.is_empty());
        behind.sort_by_key(|node| node.blocks.start);
        (behind, kept)
    }

    fn inode(&self, number: u64) -> Option<usize> {
        usize::try_from(number).ok()?.checked_mul(SLOT)?.checked_add(self.inodes_at)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes) as usize)
}

/// Returns the file or directory whose inode lies at `at`, with the range of the rest in the block. If the rest lies
/// elsewhere, its range is empty and begins with its length.
fn node(block: &[u8], at: usize) -> Option<(bool, Node)> {
    let (head, is_inline) = match u16_at(block, at)? {
        0 => (32, false),
        1 => (64, false),
        4 => (32, true),
        5 => (64, true),
        _ => return None,
    };
    let is_directory = match u16_at(block, at + 4)? & 0xf000 {
        0x8000 => false,
        0x4000 => true,
        _ => return None,
    };
    let size = u32_at(block, at + 8)?;
    let is_usual = size > 0 && (head == 32 || u32_at(block, at + 12)? == 0);
    let (whole, rest) = (size / BLOCK * BLOCK, size % BLOCK);
    let from = u32_at(block, at + 16)?.checked_mul(BLOCK)?;
    let blocks = if whole > 0 || !is_inline { from..from.checked_add(whole)? } else { 0..0 };
    let start = at + head + attributes(block, at)?;
    let rest = if is_inline { start..start + rest } else { rest..rest };
    let is_within = rest.end <= BLOCK && (from > 0 || is_inline && whole == 0);
    (is_usual && is_within).then_some((is_directory, Node { blocks, rest, end: Vec::new() }))
}

fn is_listing(block: &[u8]) -> bool {
    u16_at(block, 8).is_some_and(|names| {
        let names = usize::from(names);
        (ENTRY..BLOCK).contains(&names)
            && names.is_multiple_of(ENTRY)
            && entries(block).count() == names / ENTRY
    })
}

/// Returns the names in a block of a directory, with the numbers and the kinds of their inodes.
fn entries(block: &[u8]) -> impl Iterator<Item = (&[u8], u64, u8)> {
    let count = u16_at(block, 8).map_or(0, |names| usize::from(names) / ENTRY);
    (0..count).map_while(move |nth| {
        let entry = block.get(nth * ENTRY..)?;
        let number = entry.first_chunk().map(|number| u64::from_le_bytes(*number))?;
        let start = usize::from(u16_at(entry, 8)?);
        let end = if nth + 1 < count { usize::from(u16_at(entry, ENTRY + 8)?) } else { block.len() };
        let name = block.get(start..end).filter(|name| !name.is_empty())?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        Some((name, number, *entry.get(10)?))
    })
}

/// A reader that shows a survey what it passes on.
pub(super) struct Watched<'s, R> {
    pub(super) input: R,
    pub(super) survey: &'s mut Survey,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(out)?;
        self.survey.feed(out.get(..len).unwrap_or_default());
        Ok(len)
    }
}
