//! Erofs images in lz4. A compressed cluster fills one or several blocks to their end, behind zeros. The indexes
//! of the image say where clusters lie. They are not read: a block of lz4 that ends where a block of the image
//! ends is one of its clusters. The last cluster of a file may lie behind its inode instead. In images for Linux
//! before 5.3, a cluster is one block, with zeros behind it.
//!
//! Files that are not compressed lie in the image as they are, but for their last bytes, which lie behind their inode.
//! They are put together. An image that is too large to be held in memory is read a second time for that, and for files
//! at whose paths a credential may be kept.

mod again;
mod inline;
mod survey;
mod tails;

use std::io::Read;

use super::again::Again;
use super::lz::{self, Lz4Sequences};
use super::{Joined, MAX_WHOLE, WINDOW, enter_reader, take};
use crate::detect::StepKind;
use crate::fault::Code;
use crate::mask::message;
use crate::stream::{Compression, Peek as _, Window, hold_memory};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;
use survey::{Survey, Watched};

/// The offset of the header, and its magic number.
const HEADER: usize = 1024;
const MAGIC: &[u8] = b"\xe2\xe1\xf5\xe0";
/// The offset of the features in the header. One of them says that clusters are behind zeros, one that the header names
/// the compressions.
const FEATURES: usize = 0x50;
const BEHIND_ZEROS: u8 = 1;
const NAMES_COMPRESSIONS: u8 = 2;
/// The offset of the compressions in the header, and the bit of lz4.
const COMPRESSIONS: usize = 0x54;
const LZ4: u8 = 1;
/// The memory for an image, and for what is known of its files.
const MEMORY: u64 = 4 * MAX_WHOLE;
/// The size of a block.
const BLOCK: usize = 4096;
/// The largest cluster, as stored and decoded.
const MAX_CLUSTER: usize = 256 << 10;
const MAX_DECODED: usize = 4 << 20;
/// The number of bytes at hand: room for two clusters.
const AT_HAND: usize = 2 * MAX_CLUSTER;
/// The number of sequences that show that a cluster begins.
const ENOUGH: usize = 16;
/// The fewest bytes that a block of lz4 ends with unchanged.
const LAST: usize = 5;
/// The number of bytes that are examined for each byte of the image.
const WORK: usize = 16;

pub(super) fn begins(head: &[u8]) -> bool {
    let header = head.get(HEADER..).unwrap_or_default();
    header.starts_with(MAGIC) && header.get(12) == Some(&12)
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let header = raw.peek(HEADER + COMPRESSIONS + 1).unwrap_or_default();
    let bits = |at: usize| header.get(HEADER + at).copied().unwrap_or_default();
    let features = bits(FEATURES);
    let names_others = features & NAMES_COMPRESSIONS != 0 && bits(COMPRESSIONS) & !LZ4 != 0;
    let step = StepKind::Compression(Compression::Lz4);
    if names_others {
        let detail =
            message!("the erofs image has files in a compression other than lz4, which are not read");
        level.error(step.clone(), Code::Unsupported, detail);
    }
    let is_behind_zeros = features & BEHIND_ZEROS != 0;
    let names_lz4 = bits(COMPRESSIONS) | bits(COMPRESSIONS + 1) != 0;
    let held = match hold_memory(MEMORY, "an erofs image") {
        Ok(held) => held,
        Err(error) => return level.failed(step, &error),
    };
    let start = raw.passed();
    let image = take(raw, MAX_WHOLE);
    let is_large = raw.peek(1).is_ok_and(|behind| !behind.is_empty());
    let is_read_twice = is_large && level.is_file() && level.origin.reread.is_some();
    let missed = !is_read_twice && enter_files(level, inline::Contents::new(&image, inline::files(&image)));
    if !is_read_twice && (missed || is_large) && inline::files(&image).next().is_some() {
        let detail = message!(
            "the erofs image has more than the limit of {} MiB; the ends of some files were searched on their own",
            MAX_WHOLE >> 20
        );
        level.error(step.clone(), Code::Limit, detail);
    }
    let mut survey = Survey::default();
    let raw = Watched { input: image.as_slice().chain(raw), survey: &mut survey };
    if is_behind_zeros || names_lz4 || inline::has_packed(&image) {
        let clusters = Clusters { raw, held: Vec::new(), from: 0, left: 0, is_first: true, is_behind_zeros };
        enter_reader(level, step.clone(), Joined::new(clusters));
    } else {
        let raw = level.unpacker.limits.meter(raw);
        level.enter_known(&mut Window::with_capacity(WINDOW, raw));
    }
    if is_large {
        again::open(level, &step, survey, !is_read_twice, |level| Again::open(level, start));
    } else {
        again::open(level, &step, survey, true, |_| Ok(Again::of(Box::new(image.as_slice()))));
    }
    drop(held);
}

/// Searches the contents of files that begin at an offset. Returns true if some were left out.
fn enter_files<I: Iterator<Item = inline::File>>(
    level: &mut Level<'_, '_>,
    mut files: inline::Contents<'_, I>,
) -> bool {
    for (start, content) in &mut files {
        let content = level.unpacker.limits.meter(content.as_slice());
        level.enter_unchanged(start, &mut Window::with_capacity(WINDOW, content));
    }
    files.missed
}

/// The contents of clusters. Other blocks come unchanged.
struct Clusters<R> {
    raw: R,
    /// The bytes at hand, and the offset of the next block in them.
    held: Vec<u8>,
    from: usize,
    /// The number of bytes that may be examined.
    left: usize,
    /// Whether the first block, which holds the header, comes next.
    is_first: bool,
    /// Whether clusters are behind zeros, and not in front of them.
    is_behind_zeros: bool,
}

impl<R: Read> Iterator for Clusters<R> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.held.len() - self.from < AT_HAND / 2 {
            self.held.drain(..self.from);
            self.from = 0;
            let room = (AT_HAND - self.held.len()) as u64;
            // A reader's error is reported by the reader of the enclosing content.
            let _ = (&mut self.raw).take(room).read_to_end(&mut self.held);
        }
        let bytes = self.held.get(self.from..).filter(|bytes| !bytes.is_empty())?;
        self.left = self.left.saturating_add(WORK * BLOCK).min(WORK * MAX_CLUSTER);
        let is_first = std::mem::take(&mut self.is_first);
        let may_be_cluster = !is_first && self.is_behind_zeros;
        let found = may_be_cluster.then(|| cluster(bytes, &mut self.left)).flatten();
        let (len, mut content) = if let Some(Cluster { zeros, len, decoded }) = found {
            let packed = bytes.get(zeros..len).unwrap_or_default();
            (len, lz::lz4(packed, decoded).unwrap_or_else(|| packed.to_vec()))
        } else {
            let block = bytes.get(..BLOCK).unwrap_or(bytes);
            // Without the header, what comes unchanged is not taken for another image.
            let header = if is_first { HEADER + MAGIC.len() } else { 0 };
            let mut content = block.get(header..).unwrap_or_default().to_vec();
            if !is_first && !self.is_behind_zeros {
                content.extend(old_cluster(block));
            }
            (block.len(), content)
        };
        // A block of inodes may look like a cluster as well.
        for block in (0..len).step_by(BLOCK) {
            for tail in tails::of(bytes.get(block..).unwrap_or_default()) {
                content.push(b'\n');
                content.extend(tail);
            }
        }
        self.from += len;
        Some(content)
    }
}

/// A cluster: the number of zeros before it, its end, and the size of its content.
struct Cluster {
    zeros: usize,
    len: usize,
    decoded: usize,
}

/// Returns the cluster that begins with these bytes.
fn cluster(bytes: &[u8], left: &mut usize) -> Option<Cluster> {
    let bytes = bytes.get(..MAX_CLUSTER).unwrap_or(bytes);
    let mut sequences = begin(bytes)?;
    let zeros = sequences.at;
    // Within a large cluster, a sequence may end with a block by chance. Then no cluster begins behind it.
    let mut first = None;
    while let Some(literals) = sequences.literals() {
        if literals >= LAST && sequences.at.is_multiple_of(BLOCK) {
            let found = Cluster { zeros, len: sequences.at, decoded: sequences.made };
            let behind = bytes.get(sequences.at..).unwrap_or_default();
            if behind.is_empty() || begins_cluster(behind) {
                *left = left.saturating_sub(sequences.at);
                return Some(found);
            }
            first.get_or_insert(found);
        }
        let is_over = sequences.reference().is_none() || sequences.made > MAX_DECODED;
        if is_over || first.is_some() && sequences.at > *left {
            break;
        }
    }
    *left = left.saturating_sub(sequences.at);
    first
}

/// Returns the content of a cluster that is one block, with zeros behind it. The block may be something else, so it is
/// read as it is as well.
fn old_cluster(block: &[u8]) -> Vec<u8> {
    let mut sequences = Lz4Sequences::at(block, 0);
    while let Some(literals) = sequences.literals() {
        let behind = block.get(sequences.at..).unwrap_or_default();
        if literals >= LAST && sequences.made > BLOCK && behind.iter().all(|&b| b == 0) {
            let packed = block.get(..sequences.at).unwrap_or_default();
            return lz::lz4(packed, sequences.made).unwrap_or_default();
        }
        if sequences.reference().is_none() || sequences.made > MAX_DECODED {
            break;
        }
    }
    Vec::new()
}

/// Returns the sequences of the block behind zeros.
fn begin(bytes: &[u8]) -> Option<Lz4Sequences<'_>> {
    let zeros = bytes.iter().take(BLOCK).position(|&byte| byte != 0)?;
    Some(Lz4Sequences::at(bytes, zeros))
}

fn begins_cluster(bytes: &[u8]) -> bool {
    let Some(mut sequences) = begin(bytes) else { return false };
    (0..ENOUGH).all(|_| {
        let Some(literals) = sequences.literals() else { return false };
        let is_end = literals >= LAST && sequences.at.is_multiple_of(BLOCK);
        is_end || sequences.reference().is_some()
    })
}
