//! Images of virtual disks in qcow2 whose clusters are deflated, without any header. Two levels of tables say
//! where they are. Writers put a table before the clusters that it names, but for those that fit into what is left of
//! the cluster before the table. So one pass is enough that holds a few clusters.

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
/// The number of clusters behind the next byte that are held.
const HELD: usize = 4;
/// The largest number of clusters that one table names and that lie before it.
const MAX_BEHIND: usize = 4096;
/// The number of bytes that are passed on unchanged at a time.
const PIECE: usize = 64 * 1024;

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
    let parts = BTreeMap::from([(header.first.0, Part::First)]);
    let mut disk =
        Disk { raw, at, header, held: Vec::new(), from: 0, parts, behind: Vec::new(), missed: false };
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
    /// Bytes before and behind the next one, and the number of those before it.
    held: Vec<u8>,
    from: usize,
    /// The structures that tables name and that were not reached yet, by offset.
    parts: BTreeMap<u64, Part>,
    /// The offsets of clusters that were passed before their table, and are held.
    behind: Vec<u64>,
    missed: bool,
}

impl Disk<'_, '_> {
    fn cluster(&self) -> usize {
        1 << self.header.cluster_bits
    }

    /// Reads ahead, and returns up to `len` of the next bytes.
    fn peek(&mut self, len: usize) -> &[u8] {
        let lacking = len.saturating_sub(self.held.len() - self.from);
        if lacking > 0 {
            let keep = self.cluster() * HELD;
            // Moving the bytes each time would take longer than reading them.
            if self.from > 2 * keep {
                self.held.drain(..self.from - keep);
                self.from = keep;
            }
            self.held.extend(take(self.raw, lacking.max(PIECE) as u64));
        }
        let ahead = self.held.get(self.from..).unwrap_or_default();
        ahead.get(..len).unwrap_or(ahead)
    }

    fn pass(&mut self, len: usize) {
        self.from += len;
        self.at += len as u64;
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        let bytes = self.peek(len).to_vec();
        self.pass(bytes.len());
        bytes
    }

    fn add(&mut self, offset: u64, part: Part) {
        let first = self.at - self.from as u64;
        let is_held = offset < self.at && offset >= first && self.behind.len() < MAX_BEHIND;
        if part == Part::Cluster && is_held {
            self.behind.push(offset);
        } else if offset < self.at || self.parts.len() >= MAX_KNOWN {
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

    /// Inflates the cluster that begins with the next byte. It is no larger than it would be unpacked.
    fn read_cluster(&mut self) -> Vec<u8> {
        let most = self.cluster();
        let packed = self.peek(2 * most);
        let (out, len) = inflate(packed, most);
        self.pass(len);
        out
    }

    /// Inflates a cluster that was passed already.
    fn read_behind(&mut self, offset: u64) -> Vec<u8> {
        let most = self.cluster();
        self.peek(2 * most);
        let back = usize::try_from(self.at - offset).ok().and_then(|back| self.from.checked_sub(back));
        let packed = back.and_then(|at| self.held.get(at..)).unwrap_or_default();
        self.missed |= packed.is_empty();
        inflate(packed.get(..2 * most).unwrap_or(packed), most).0
    }
}

/// Returns what bytes inflate to, and the number of bytes that this takes.
fn inflate(packed: &[u8], most: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut deflate = Deflate::bare(packed);
    // The output before damage is searched. The compressed bytes are searched as well.
    let _ = (&mut deflate).take(most as u64).read_to_end(&mut out);
    (out, packed.len() - deflate.into_input().len())
}

impl Iterator for Disk<'_, '_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(offset) = self.behind.pop() {
                let piece = self.read_behind(offset);
                if piece.is_empty() {
                    continue;
                }
                return Some(piece);
            }
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
                            let size =
                                if part == Part::First { self.header.first.1 } else { self.cluster() as u64 };
                            // A large table of the first level is read piece by piece.
                            let most = PIECE * 32;
                            let table = self.take(usize::try_from(size).unwrap_or(most).min(most));
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
                    let ahead = next.and_then(|(offset, _)| usize::try_from(offset - self.at).ok());
                    let piece = self.take(ahead.map_or(PIECE, |ahead| ahead.min(PIECE)));
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
