//! Formats that compress piece by piece without a magic number for each piece: columns, records, strings and
//! clusters. The format around the pieces says where they are.

mod again;
mod ascii85;
mod avro;
mod erofs;
mod hadoop;
mod leveldb;
mod lz;
mod mozlz4;
mod name;
mod named;
mod orc;
mod parquet;
mod qcow2;
mod redis;
mod small_windows;
mod squashfs;

use std::io::{self, Read};

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::Raw;
use crate::detect::StepKind;
use crate::fault::Code;
use crate::mask::message;
use crate::stream::{Compression, Window};
pub(super) use name::Named;

/// The number of bytes that decide about content: a block of a `LevelDB` log.
pub(super) const START: usize = 32 * 1024;
/// The number of bytes that decide about a piece.
const HEAD: usize = 4096;
/// The largest piece that is decoded, which is held in memory twice: as stored and decoded.
const MAX_PIECE: u64 = 16 << 20;
/// The largest content whose pieces are described at its end, and which is held in memory.
const MAX_WHOLE: u64 = 32 << 20;

/// A format of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocks {
    /// A file of Firefox: one block of lz4.
    MozLz4,
    /// A log of `LevelDB` or wandb, in which records are split. Records begin after this number of bytes.
    Log(u64),
    /// A table of `LevelDB`.
    Table,
    /// An ORC file.
    Orc,
    /// An Avro file.
    Avro,
    /// Blocks of Snappy behind their sizes, as Hadoop writes them.
    Hadoop,
    /// An image of a virtual disk, with deflated clusters.
    Qcow2,
    /// An erofs image in lz4.
    Erofs,
    /// A squashfs image in a compression without a magic number.
    Squashfs,
    /// A format without a magic number, recognised by the file name.
    Named(Named),
}

impl Blocks {
    /// Returns the format of content that begins with these bytes.
    pub(super) fn at_start(head: &[u8]) -> Option<Self> {
        if mozlz4::begins(head) {
            return Some(Self::MozLz4);
        }
        if let Some(skipped) = leveldb::begins_log(head) {
            return Some(Self::Log(skipped));
        }
        if leveldb::begins_table(head) {
            return Some(Self::Table);
        }
        let other = if orc::begins(head) {
            Self::Orc
        } else if avro::begins(head) {
            Self::Avro
        } else if qcow2::begins(head) {
            Self::Qcow2
        } else if erofs::begins(head) {
            Self::Erofs
        } else if squashfs::begins(head) {
            Self::Squashfs
        } else {
            hadoop::begins(head).then_some(Self::Hadoop)?
        };
        Some(other)
    }

    /// Returns the format that the file name reveals, if the content may have it.
    pub(super) fn of_name(named: Named, head: &[u8]) -> Option<Self> {
        named::may_begin(named, head).then_some(Self::Named(named))
    }
}

pub(super) fn open(level: &mut Level<'_, '_>, blocks: Blocks, raw: &mut Raw<'_>) {
    match blocks {
        Blocks::MozLz4 => mozlz4::open(level, raw),
        Blocks::Log(skipped) => leveldb::open_log(level, skipped, raw),
        Blocks::Table => leveldb::open_table(level, raw),
        Blocks::Orc => orc::open(level, raw),
        Blocks::Avro => avro::open(level, raw),
        Blocks::Hadoop => hadoop::open(level, raw),
        Blocks::Qcow2 => qcow2::open(level, raw),
        Blocks::Squashfs => squashfs::open(level, raw),
        Blocks::Erofs => erofs::open(level, raw),
        Blocks::Named(named) => named::open(named, level, raw),
    }
}

/// Returns true if content that begins with these bytes is a table: rows, or columns in parts of their own. The length
/// of a text in front of it may be a letter, and the texts of a column may follow each other.
pub(super) fn is_table(head: &[u8]) -> bool {
    avro::begins(head) || orc::begins(head) || head.starts_with(b"PAR1") || is_arrow(head)
}

/// Returns true for a file or a stream of Apache Arrow ("IPC Streaming Format" and "IPC File Format").
fn is_arrow(head: &[u8]) -> bool {
    const LONGEST: u32 = 1 << 20;
    let schema = head.strip_prefix(&[0xff; 4]).and_then(<[u8]>::first_chunk);
    let len = schema.map_or(0, |len| u32::from_le_bytes(*len));
    head.starts_with(b"ARROW1\0\0") || (len > 0 && len < LONGEST && len.is_multiple_of(8))
}

/// Content in which pieces may begin anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scattered {
    /// A dump of Redis, with strings in LZF.
    Redis,
    /// A Parquet file, with pages.
    Parquet,
    /// A file whose writers choose small windows for zlib: PNG, PDF, squashfs.
    Zlib,
}

impl Scattered {
    /// Returns the format of content that begins with these bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if redis::begins(head) {
            return Some(Self::Redis);
        }
        if head.starts_with(b"PAR1") {
            return Some(Self::Parquet);
        }
        small_windows::begins(head).then_some(Self::Zlib)
    }

    /// Returns the number of bytes in which to look for the next piece. Where each byte may begin one, a long view
    /// would be searched again and again for other containers.
    pub(super) fn reach(self) -> usize {
        if self == Self::Zlib { HEAD } else { usize::MAX }
    }

    /// Returns the offset at which a piece may begin.
    pub(super) fn next(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Redis => redis::next(bytes),
            Self::Parquet => parquet::next(bytes),
            Self::Zlib => small_windows::next(bytes),
        }
    }

    /// Reads the piece that begins with the next byte. Returns false if none does.
    pub(super) fn open(self, level: &mut Level<'_, '_>, raw: &mut Raw<'_>) -> bool {
        match self {
            Self::Redis => redis::open(level, raw),
            Self::Parquet => parquet::open(level, raw),
            Self::Zlib => small_windows::open(level, raw),
        }
    }
}

/// Reads `len` bytes. Returns fewer at the end.
fn take(raw: &mut Raw<'_>, len: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reader's error is reported by the reader of the enclosing content.
    let _ = raw.take(len).read_to_end(&mut bytes);
    bytes
}

/// Searches what a piece decodes to.
fn enter(level: &mut Level<'_, '_>, compression: Compression, decoded: &[u8]) {
    if !decoded.is_empty() {
        enter_reader(level, StepKind::Compression(compression), decoded);
    }
}

fn enter_reader(level: &mut Level<'_, '_>, step: StepKind, decoded: impl Read) {
    let decoded = level.unpacker.limits.meter(decoded);
    // The enclosing reader reports its errors, and bytes in memory have none.
    let _: io::Result<()> = level.enter(step, &mut Window::with_capacity(WINDOW, decoded));
}

/// Blocks as one content.
struct Joined<I> {
    blocks: I,
    block: Vec<u8>,
    given: usize,
}

impl<I> Joined<I> {
    fn new(blocks: I) -> Self {
        Self { blocks, block: Vec::new(), given: 0 }
    }
}

impl<I: Iterator<Item = Vec<u8>>> Read for Joined<I> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.block.len() {
            let Some(block) = self.blocks.next() else { return Ok(0) };
            (self.block, self.given) = (block, 0);
        }
        let n = self.block.get(self.given..).unwrap_or_default().read(out)?;
        self.given += n;
        Ok(n)
    }
}

/// Reports that something is larger than what is held in memory.
fn too_large(level: &mut Level<'_, '_>, step: StepKind, what: &'static str, limit: u64) {
    let detail = message!("{} has more than the limit of {} MiB; it was not decoded", what, limit >> 20);
    level.error(step, Code::Limit, detail);
}

#[cfg(test)]
mod tests;
