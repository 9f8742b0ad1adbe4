//! Squashfs images. In compressions without a magic number (lz4, LZO and legacy lzma), only the inodes, which lie
//! behind the data, say where each block ends. Streams of gzip, xz and zstd are found wherever they lie; there, the
//! tables only tell the paths of files.
//!
//! Small images are held in memory. Of a large one, only the tables are, and its data is read a second time.

mod large;
mod places;
mod streams;

use std::collections::HashSet;
use std::io;

use super::{Joined, MAX_WHOLE, again::Again, enter, enter_reader, lz, take, too_large};
use crate::detect::StepKind;
use crate::fault::Code;
use crate::mask::message;
use crate::stream::{Compression, Peek as _, hold_memory};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

const MAGIC: &[u8] = b"hsqs";
/// The length of the header.
const HEADER: usize = 96;
/// The largest block, and the largest block of the tables.
const MAX_BLOCK: usize = 1 << 20;
const MAX_TABLE_BLOCK: usize = 8192;
/// The largest table.
const MAX_TABLE: usize = 32 << 20;
/// The bits of sizes that mark a block which is stored as it is.
const STORED: u32 = 1 << 24;
const TABLE_STORED: u16 = 1 << 15;
/// The number that stands for no fragment.
const NO_FRAGMENT: u32 = u32::MAX;
/// The largest number of fragments that are decoded again for the ends of files.
const MAX_AGAIN: usize = 4096;

/// The fields of the superblock that the reader needs.
#[derive(Clone, Copy)]
struct Header {
    compression: Compression,
    block_size: usize,
    /// The number of inodes and of fragments.
    counts: (u32, u32),
    /// The offsets of the tables of inodes, directories and fragments, and the end of directories.
    inodes: usize,
    directories: usize,
    fragments: usize,
}

pub(super) fn begins(head: &[u8]) -> bool {
    Header::read(head).is_some()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn offset_at(bytes: &[u8], at: usize) -> Option<usize> {
    let offset = bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))?;
    usize::try_from(offset).ok()
}

impl Header {
    fn read(head: &[u8]) -> Option<Self> {
        let compression = match u16_at(head, 20).filter(|_| head.starts_with(MAGIC))? {
            1 => Compression::Zlib,
            2 => Compression::Lzma,
            3 => Compression::Lzo,
            4 => Compression::Xz,
            5 => Compression::Lz4,
            6 => Compression::Zstd,
            _ => return None,
        };
        let block_size = u32_at(head, 12)? as usize;
        let is_valid = block_size.is_power_of_two() && (4096..=MAX_BLOCK).contains(&block_size);
        let is_known = (u16_at(head, 28)?, head.len() >= HEADER) == (4, true);
        (is_valid && is_known).then_some(Self {
            compression,
            block_size,
            counts: (u32_at(head, 4)?, u32_at(head, 16)?),
            inodes: offset_at(head, 64)?,
            directories: offset_at(head, 72)?,
            fragments: offset_at(head, 80)?,
        })
    }
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let Some(header) = raw.peek(HEADER).ok().and_then(Header::read) else { return };
    let step = StepKind::Compression(header.compression);
    let held = match hold_memory(MAX_WHOLE, "a squashfs image") {
        Ok(held) => held,
        Err(error) => return level.failed(step, &error),
    };
    let start = raw.passed();
    let bytes = take(raw, MAX_WHOLE + 1);
    if matches!(header.compression, Compression::Zlib | Compression::Xz | Compression::Zstd) {
        streams::open(level, header, start, &bytes, raw);
        return drop(held);
    }
    if bytes.len() as u64 > MAX_WHOLE {
        drop(held);
        return large::open(level, header, start, bytes, raw);
    }
    let image = Image { header, bytes: &bytes, base: 0 };
    let inodes = image.table(header.inodes, header.directories);
    let directories = image.table(header.directories, header.fragments);
    let files = files(&inodes, header);
    let fragments = image.fragments();
    let contents =
        Contents { image, fragments, last: (NO_FRAGMENT, Vec::new()), seen: HashSet::new(), again: 0 };
    let contents = contents.of(files);
    enter(level, header.compression, &inodes);
    enter_reader(level, step, Joined::new([directories].into_iter().chain(contents)));
    places::open(level, image, &inodes, |_| Ok(Again::of(Box::new(bytes.as_slice()))));
    drop(held);
}

/// Reports an error of the second reading. Nobody else reads the data again, so nobody else knows of it.
fn unread(level: &mut Level<'_, '_>, step: StepKind, error: &io::Error) {
    let detail = message!("{}; some data of a squashfs image was not decoded", error.to_string());
    level.error(step, Code::of(error), detail);
}

#[derive(Clone, Copy)]
struct Image<'a> {
    header: Header,
    /// The bytes at hand, and the offset of the first.
    bytes: &'a [u8],
    base: usize,
}

impl Image<'_> {
    /// Returns the bytes from an offset on.
    fn from(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(at.checked_sub(self.base)?..)
    }

    fn decode(&self, block: &[u8], most: usize) -> Vec<u8> {
        let most = most as u64;
        let decoded = match self.header.compression {
            Compression::Zlib => lz::stream(Compression::Zlib, block, most),
            compression => lz::decode(compression, block, most),
        };
        decoded.unwrap_or_default()
    }

    /// Returns the content of the block at `at`, whose size has a mark if it is stored.
    fn block(&self, at: usize, size: u32) -> Vec<u8> {
        let len = (size & !STORED) as usize;
        self.from(at)
            .and_then(|rest| rest.get(..len))
            .map(|block| self.content(block, size))
            .unwrap_or_default()
    }

    /// Returns the content of a block with that size.
    fn content(&self, block: &[u8], size: u32) -> Vec<u8> {
        if size & STORED == 0 { self.decode(block, self.header.block_size) } else { block.to_vec() }
    }

    /// Returns the content of a block of a table, and the offset behind it.
    fn table_block(&self, at: usize) -> Option<(Vec<u8>, usize)> {
        let rest = self.from(at)?;
        let size = u16_at(rest, 0)?;
        let end = 2 + usize::from(size & !TABLE_STORED);
        let block = rest.get(2..end)?;
        let end = at.checked_add(end)?;
        let is_stored = size & TABLE_STORED != 0;
        Some((if is_stored { block.to_vec() } else { self.decode(block, MAX_TABLE_BLOCK) }, end))
    }

    /// Returns the content of the blocks of a table.
    fn table(&self, at: usize, end: usize) -> Vec<u8> {
        self.table_of_blocks(at, end).0
    }

    /// Returns the content of the blocks of a table, and where each block begins in the image, counted from the table,
    /// and in the content.
    fn table_of_blocks(&self, start: usize, end: usize) -> (Vec<u8>, Vec<(usize, usize)>) {
        let (mut table, mut starts) = (Vec::new(), Vec::new());
        let mut at = start;
        while at < end && table.len() < MAX_TABLE {
            let Some((block, next)) = self.table_block(at).filter(|(block, _)| !block.is_empty()) else {
                break;
            };
            starts.push((at - start, table.len()));
            table.extend(block);
            at = next;
        }
        (table, starts)
    }

    /// Returns the offsets and the sizes of all fragments.
    fn fragments(&self) -> Vec<(usize, u32)> {
        const ENTRY: usize = 16;
        let mut fragments = Vec::new();
        let mut pointers = self.from(self.header.fragments).unwrap_or_default();
        while fragments.len() < self.header.counts.1 as usize {
            let Some(at) = offset_at(pointers, 0) else { break };
            let Some((block, _)) = self.table_block(at).filter(|(block, _)| block.len() >= ENTRY) else {
                break;
            };
            let entry = |entry: &[u8]| Some((offset_at(entry, 0)?, u32_at(entry, 8)?));
            fragments.extend(block.chunks_exact(ENTRY).filter_map(entry));
            pointers = pointers.get(8..).unwrap_or_default();
        }
        fragments
    }
}

/// A file: the offset of its first block, the sizes of all, and its end in a fragment.
struct File {
    start: usize,
    sizes: Vec<u32>,
    fragment: u32,
    offset: usize,
    end: usize,
}

/// The kind of file that an inode describes.
enum Inode {
    File(File),
    /// A directory: the block of the table of directories in which its listing begins, the offset there, and its length.
    Directory {
        block: usize,
        offset: usize,
        len: usize,
    },
    Other,
}

/// Reads the files among the inodes.
fn files(table: &[u8], header: Header) -> impl Iterator<Item = File> {
    inodes(table, header)
        .filter_map(|(_, inode)| if let Inode::File(file) = inode { Some(file) } else { None })
}

/// Reads the inodes, with their numbers, as far as they are known.
fn inodes(table: &[u8], header: Header) -> impl Iterator<Item = (u32, Inode)> {
    let mut at = 0;
    (0..header.counts.0).map_while(move |_| {
        let bytes = table.get(at..)?;
        let (len, inode) = inode_at(bytes, header)?;
        at += len;
        Some((u32_at(bytes, 12)?, inode))
    })
}

/// Returns the length of the inode that begins with these bytes, and what it describes.
fn inode_at(inode: &[u8], header: Header) -> Option<(usize, Inode)> {
    const COMMON: usize = 16;
    let len = match u16_at(inode, 0)? {
        1 => return Some((COMMON + 16, Inode::directory(inode, false)?)),
        2 => return file_at(inode, header, false),
        3 => 8 + u32_at(inode, COMMON + 4)? as usize,
        4 | 5 | 13 | 14 => 8,
        6 | 7 => 4,
        8 => {
            let mut at = COMMON + 24;
            for _ in 0..u16_at(inode, COMMON + 16)? {
                at += 12 + u32_at(inode, at + 8)? as usize + 1;
            }
            return Some((at, Inode::directory(inode, true)?));
        }
        9 => return file_at(inode, header, true),
        10 => 12 + u32_at(inode, COMMON + 4)? as usize,
        11 | 12 => 12,
        _ => return None,
    };
    Some((COMMON + len, Inode::Other))
}

fn file_at(inode: &[u8], header: Header, is_extended: bool) -> Option<(usize, Inode)> {
    let (start, size, fragment, offset, at) = if is_extended {
        (offset_at(inode, 16)?, offset_at(inode, 24)?, u32_at(inode, 44)?, u32_at(inode, 48)?, 56_usize)
    } else {
        let start = u32_at(inode, 16)? as usize;
        (start, u32_at(inode, 28)? as usize, u32_at(inode, 20)?, u32_at(inode, 24)?, 32)
    };
    let end = size % header.block_size;
    let whole = size / header.block_size + usize::from(fragment == NO_FRAGMENT && end > 0);
    let sizes = inode.get(at..at.checked_add(whole.checked_mul(4)?)?)?;
    let sizes = sizes.chunks_exact(4).filter_map(|size| u32_at(size, 0)).collect();
    let file = File { start, sizes, fragment, offset: offset as usize, end };
    Some((at + whole * 4, Inode::File(file)))
}

/// The contents of files, one after the other.
struct Contents<'a> {
    image: Image<'a>,
    fragments: Vec<(usize, u32)>,
    /// The last fragment that was decoded.
    last: (u32, Vec<u8>),
    /// The offsets of blocks that were decoded. Equal files share theirs.
    seen: HashSet<usize>,
    again: usize,
}

impl Contents<'_> {
    fn of(mut self, files: impl Iterator<Item = File>) -> impl Iterator<Item = Vec<u8>> {
        let mut files = files;
        let mut current: Option<(File, usize)> = None;
        std::iter::from_fn(move || {
            loop {
                let Some((file, nth)) = &mut current else {
                    let file = files.next()?;
                    let is_new = file.sizes.is_empty() || self.seen.insert(file.start);
                    current = is_new.then_some((file, 0));
                    continue;
                };
                let Some(&size) = file.sizes.get(*nth) else {
                    let (file, _) = current.take()?;
                    return Some(self.end(&file));
                };
                *nth += 1;
                let block = self.image.block(file.start, size);
                file.start = file.start.saturating_add((size & !STORED) as usize);
                return Some(block);
            }
        })
    }

    /// Returns the end of a file, which lies in a fragment, and a line break.
    fn end(&mut self, file: &File) -> Vec<u8> {
        let place = usize::try_from(file.fragment).ok().and_then(|n| self.fragments.get(n).copied());
        let Some((at, size)) = place.filter(|_| file.fragment != NO_FRAGMENT) else { return vec![b'\n'] };
        if self.last.0 != file.fragment {
            self.again += usize::from(!self.seen.insert(at));
            if self.again > MAX_AGAIN {
                return vec![b'\n'];
            }
            self.last = (file.fragment, self.image.block(at, size));
        }
        let end = file.offset.saturating_add(file.end);
        let mut end = self.last.1.get(file.offset..end).unwrap_or_default().to_vec();
        end.push(b'\n');
        end
    }
}
