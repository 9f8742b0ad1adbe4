//! Images of virtual disks in qcow2 whose clusters are deflated, without any header. Two levels of tables say
//! where they are. Writers put a table before the clusters that it names, so one pass is enough.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::{Joined, enter_reader, take};
use crate::detect::StepKind;
use crate::fault::Code;
use crate::mask::Message;
use crate::stream::{Compression, Deflate};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

const MAGIC: &[u8] = b"QFI\xfb";
/// The length of the header, up to the type of compression.
const HEADER: usize = 105;
const VERSION_2_HEADER: usize = 72;
/// The bits of incompatible features: another compression, and longer entries of the second level.
const OTHER_COMPRESSION: u64 = 1 << 3;
const LONG_ENTRIES: u64 = 1 << 4;
/// The bits of an entry that hold an offset, and the one that says that its cluster is compressed.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
const COMPRESSED: u64 = 1 << 62;
/// The largest number of tables and of clusters that are remembered at a time.
const MAX_KNOWN: usize = 1 << 18;
/// The number of bytes that are passed on unchanged at a time.
const PIECE: u64 = 64 * 1024;

/// The fields of the header that the reader needs.
#[derive(Clone, Copy)]
struct Header {
    cluster_bits: u32,
    entry: usize,
    /// The table of the first level: its offset and its size in bytes.
    first: (u64, u64),
}

pub(super) fn begins(head: &[u8]) -> bool {
    Header::read(head).is_some()
}

impl Header {
    /// Returns `None` if clusters are not deflated: other compressions have magic numbers.
    fn read(head: &[u8]) -> Option<Self> {
        let u32_at = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let u64_at = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        let features = match u32_at(4).filter(|_| head.starts_with(MAGIC))? {
            2 => 0,
            3 => u64_at(VERSION_2_HEADER)?,
            _ => return None,
        };
        let cluster_bits = u32_at(20).filter(|bits| (9..=21).contains(bits))?;
        let is_other = features & OTHER_COMPRESSION != 0 && head.get(HEADER - 1) != Some(&0);
        let first = (u64_at(40)?, u64::from(u32_at(36)?) * 8);
        let entry = if features & LONG_ENTRIES == 0 { 8 } else { 16 };
        (!is_other && first.0 > 0).then_some(Self { cluster_bits, entry, first })
    }
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    use crate::stream::Peek as _;
    let Some(header) = raw.peek(HEADER).ok().and_then(Header::read) else { return };
    let step = StepKind::Compression(Compression::Zlib);
    // Without them, what comes unchanged is not taken for another disk.
    let at = take(raw, MAGIC.len() as u64).len() as u64;
    let mut disk =
        Disk { raw, at, header, parts: BTreeMap::from([(header.first.0, Part::First)]), missed: false };
    enter_reader(level, step.clone(), Joined::new(&mut disk));
    if disk.missed {
        let detail = Message::own(
            "some tables of the disk lie behind the clusters that they name, or there are too many; not all clusters were decoded",
        );
        level.error(step, Code::Limit, detail);
    }
}

/// The kind of structure at an offset: a table of the first or of the second level, or a compressed cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    First,
    Second,
    Cluster,
}

/// A disk that is read from its start to its end. What is not compressed comes unchanged.
struct Disk<'r, 'a> {
    raw: &'r mut Raw<'a>,
    at: u64,
    header: Header,
    /// The structures that tables name and that were not reached yet, by offset.
    parts: BTreeMap<u64, Part>,
    missed: bool,
}

impl Disk<'_, '_> {
    fn take(&mut self, len: u64) -> Vec<u8> {
        let bytes = take(self.raw, len);
        self.at += bytes.len() as u64;
        bytes
    }

    fn add(&mut self, offset: u64, part: Part) {
        if offset < self.at || self.parts.len() >= MAX_KNOWN {
            self.missed = true;
        } else {
            self.parts.insert(offset, part);
        }
    }

    /// Notes what the entries of a table name.
    fn read_table(&mut self, part: Part, table: &[u8]) {
        let size = if part == Part::First { 8 } else { self.header.entry };
        for entry in table.chunks_exact(size) {
            let Some(entry) = entry.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else { continue };
            if part == Part::First {
                if entry & OFFSET != 0 {
                    self.add(entry & OFFSET, Part::Second);
                }
            } else if entry & COMPRESSED != 0 {
                let offset_bits = 62 - (self.header.cluster_bits - 8);
                self.add(entry & ((1 << offset_bits) - 1), Part::Cluster);
            }
        }
    }

    /// Inflates the cluster that begins with the next byte.
    fn read_cluster(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let before = self.raw.passed();
        let most = 1 << self.header.cluster_bits;
        // The output before damage is searched. The compressed bytes are searched as well.
        let _ = Deflate::bare(&mut *self.raw).take(most).read_to_end(&mut out);
        self.at += self.raw.passed() - before;
        out
    }
}

impl Iterator for Disk<'_, '_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let next = self.parts.first_key_value().map(|(&offset, &part)| (offset, part));
            let piece = match next {
                Some((offset, part)) if offset <= self.at => {
                    self.parts.remove(&offset);
                    if offset < self.at {
                        self.missed = true;
                        continue;
                    }
                    match part {
                        Part::Cluster => self.read_cluster(),
                        Part::First | Part::Second => {
                            let size = if part == Part::First {
                                self.header.first.1
                            } else {
                                1 << self.header.cluster_bits
                            };
                            // A large table of the first level is read piece by piece.
                            let table = self.take(size.min(PIECE * 32));
                            self.read_table(part, &table);
                            if part == Part::First && size > table.len() as u64 && !table.is_empty() {
                                self.header.first.1 = size - table.len() as u64;
                                self.parts.insert(self.at, Part::First);
                            }
                            continue;
                        }
                    }
                }
                next => {
                    let ahead = next.map_or(PIECE, |(offset, _)| (offset - self.at).min(PIECE));
                    let piece = self.take(ahead);
                    if piece.is_empty() {
                        return None;
                    }
                    piece
                }
            };
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    }
}
