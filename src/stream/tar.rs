//! Tar streams as entries (POSIX ustar and pax, GNU and V7 headers).
//!
//! Headers are read as Go's `archive/tar` reads them, but the walk goes on where Go stops. An auditor needs data that
//! an extractor may drop: the bytes between bodies, the bytes after the end-of-archive marker, names as
//! they are written, and the rest of a stream after something odd.

use std::io::{self, BufRead, Read};

use super::path;
use super::sparse::{MapReader, SparseMap};
use super::window::{Peek, Window};

mod error;
mod extended;
mod gap;
mod header;
mod number;

pub(crate) use error::TarError;
use extended::{Described, Extended};
use gap::GapBuffer;
pub(crate) use gap::{Field, Gap};
use header::{Kind, SparseBlock};

const BLOCK: usize = 512;
/// The maximum size of extended headers and long names. Go's `archive/tar`, with which every container
/// engine reads its layers, has the same limit.
const MAX_EXTENDED: u64 = 1024 * 1024;

/// The type of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A regular file, sparse or not.
    File,
    /// A directory.
    Directory,
    /// Another name for an entry of this layer or of a lower layer.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe, or a type that no specification defines.
    Other,
}

/// One entry of a tar stream.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The normalised path.
    pub path: Vec<u8>,
    /// Whether the name as written is absolute or contains `..`.
    pub odd_name: bool,
    /// The type of the entry.
    pub kind: EntryKind,
    /// The target of a link, as written.
    pub link: Option<Vec<u8>>,
    /// The length of the body in the stream, in bytes. The map of a sparse file is not a part of the body.
    pub size: u64,
    /// The offset of the body in the stream.
    pub body_offset: u64,
    /// Whether the entry is after the end-of-archive marker, where extractors stop reading.
    pub after_end: bool,
    /// The relation between the body and the file.
    pub extent: Extent,
}

/// The relation between the body of an entry and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The body is the file.
    Whole,
    /// The body is the data between the holes of the file.
    Sparse(SparseMap),
}

/// The position of a stretch of raw bytes, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The offset of the first byte in the stream.
    pub start: u64,
    /// Whether the stretch is after the end-of-archive marker.
    pub after_end: bool,
}

/// The receiver of the parts of a tar stream. Every byte except zero blocks goes to exactly one of the three
/// methods. Gaps also hold a few bytes on either side, so that nothing is missed across a boundary.
pub(crate) trait Visit {
    /// Receives the bytes between bodies: headers, padding, extended headers.
    fn gap(&mut self, gap: &Gap<'_>);
    /// Receives an entry with its body. Any unread rest of the body is skipped.
    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()>;
    /// Receives bytes that are not part of any entry, up to the end of the stream.
    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()>;
}

/// Walks a tar stream to its end, not only to its end-of-archive marker. After an error that is not from the
/// reader, the rest has been passed to the visitor.
pub(crate) fn walk<R: Read>(window: &mut Window<R>, visit: &mut impl Visit) -> Result<(), TarError> {
    let gap = GapBuffer::default();
    Walk { window, gap, after_end: false, entries: 0, pending: None, refused: None }.run(visit)
}

struct Walk<'a, R> {
    window: &'a mut Window<R>,
    gap: GapBuffer,
    after_end: bool,
    entries: u64,
    /// The offset of the first extended header that does not belong to an entry yet.
    pending: Option<u64>,
    /// The first error after which the walk went on.
    refused: Option<TarError>,
}

impl<R: Read> Walk<'_, R> {
    fn run(mut self, visit: &mut impl Visit) -> Result<(), TarError> {
        let outcome = self.entries(visit);
        if let Err(TarError::Io(_)) = outcome {
            // The bytes that were read before the error are still searched.
            self.gap.flush(None, visit);
            let bounds = Bounds { start: self.window.offset(), after_end: self.after_end };
            let mut view = self.window.view();
            if !view.is_empty() {
                visit.rest(bounds, &mut view)?;
            }
        }
        outcome.and(self.refused.map_or(Ok(()), Err))
    }

    /// Notes that Go refuses the header at `at`. It does not read what is after the end-of-archive marker.
    fn refuse(&mut self, at: u64, reason: Option<&'static str>) {
        if let Some(reason) = reason.filter(|_| !self.after_end) {
            self.refused.get_or_insert(TarError::Refused { at, reason });
        }
    }

    fn entries(&mut self, visit: &mut impl Visit) -> Result<(), TarError> {
        let mut extended = Extended::default();
        let mut zero_blocks = 0;
        let mut orphan = None;
        loop {
            let at = self.window.offset();
            let view = self.window.fill(BLOCK)?;
            let Some(block) = view.first_chunk::<BLOCK>() else {
                let blank = view.iter().all(|&b| b == 0);
                let complete = blank || self.after_end;
                self.gap.flush(None, visit);
                self.rest(visit)?;
                return match (complete, self.entries) {
                    (true, _) => match orphan.or(self.pending) {
                        Some(at) => Err(TarError::BreaksOff { at, place: "after an extended tar header" }),
                        None => Ok(()),
                    },
                    (false, 0) => Err(TarError::NotTar),
                    (false, _) => Err(TarError::BadHeader { at }),
                };
            };
            if block.iter().all(|&b| b == 0) {
                zero_blocks += 1;
                if zero_blocks == 2 && !self.after_end {
                    self.after_end = true;
                    orphan = self.pending;
                }
                if zero_blocks == 1 {
                    self.gap.push_padding(block);
                }
                self.window.consume(BLOCK);
                continue;
            }
            let is_behind_zeros = zero_blocks == 1;
            zero_blocks = 0;
            let block = *block;
            let Some(mut header) = header::read(&block) else {
                self.gap.flush(None, visit);
                self.rest(visit)?;
                return match (self.after_end, self.entries) {
                    (true, _) => Ok(()),
                    (false, 0) => Err(TarError::NotTar),
                    (false, _) => Err(TarError::BadHeader { at }),
                };
            };
            self.entries += 1;
            self.window.consume(BLOCK);
            self.gap.push_header(&block);
            self.refuse(at, is_behind_zeros.then_some("is behind a single block of zeros"));
            self.refuse(at, header.refusal);
            match header.kind {
                Kind::LongName | Kind::LongLink | Kind::Pax | Kind::GlobalPax => {
                    if header.size > MAX_EXTENDED {
                        self.gap.flush(None, visit);
                        self.rest(visit)?;
                        return Err(TarError::HugeHeader { at, size: header.size });
                    }
                    let body = self.read_extended(header.size)?;
                    self.gap.push_extended(header.kind, &body);
                    if (body.len() as u64) < header.size {
                        self.gap.flush(None, visit);
                        return Err(TarError::BreaksOff { at, place: "inside an extended tar header" });
                    }
                    let refusal = extended.add(header.kind, &body);
                    self.refuse(at, refusal);
                    if header.kind == Kind::GlobalPax {
                        self.pending = None;
                    } else {
                        self.pending.get_or_insert(at);
                    }
                    self.gap.flush_if_large(visit);
                }
                Kind::Entry(kind) => {
                    self.pending = None;
                    if let Some(sparse) = &mut header.sparse {
                        self.read_sparse_blocks(at, sparse, visit)?;
                    }
                    let described = std::mem::take(&mut extended).entry(header, kind, self.after_end);
                    self.entry(at, described, visit)?;
                }
            }
        }
    }

    fn entry(&mut self, at: u64, described: Described, visit: &mut impl Visit) -> Result<(), TarError> {
        let Described { mut entry, has_map_in_body, refusal } = described;
        self.refuse(at, refusal);
        if has_map_in_body {
            self.read_map(at, &mut entry, visit)?;
        }
        if let Extent::Sparse(map) = &entry.extent {
            self.refuse(at, (!map.fits(entry.size)).then_some("has a map that does not fit its sparse file"));
            if map.is_cut() {
                self.refused.get_or_insert(TarError::Scattered { at });
            }
        }
        entry.body_offset = self.window.offset();
        // The window repeats an error of the reader after the bytes before it, which belong to the entry.
        let _ = self.window.fill(gap::SEAM);
        self.gap.end_with(self.window.view(), entry.size);
        self.gap.flush(Some(&entry), visit);
        let mut body = self.window.body(entry.size);
        let mut tail = gap::Tail::new(&mut body);
        visit.entry(&entry, &mut tail)?;
        tail.skip_rest()?;
        self.gap.start_with(tail.last());
        let missing = body.left();
        if missing > 0 {
            self.gap.flush(None, visit);
            return Err(TarError::Truncated { path: entry.path, missing });
        }
        let padding = usize::try_from(entry.size.next_multiple_of(BLOCK as u64) - entry.size).unwrap_or(0);
        let view = self.window.fill(padding)?;
        let padding = padding.min(view.len());
        self.gap.push_padding(view.get(..padding).unwrap_or_default());
        self.window.consume(padding);
        Ok(())
    }

    /// Reads the body of an extended header with its padding. The padding may be cut by the end of the
    /// stream.
    fn read_extended(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.window.body(size.next_multiple_of(BLOCK as u64)).read_to_end(&mut body)?;
        body.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(body)
    }

    /// Reads the rest of the map of an old GNU sparse file.
    fn read_sparse_blocks(
        &mut self,
        at: u64,
        sparse: &mut SparseBlock,
        visit: &mut impl Visit,
    ) -> Result<(), TarError> {
        while sparse.has_next {
            let Some(block) = self.window.fill(BLOCK)?.first_chunk::<BLOCK>().copied() else {
                self.gap.flush(None, visit);
                self.rest(visit)?;
                return Err(TarError::BreaksOff { at, place: "inside the map of a sparse file" });
            };
            self.window.consume(BLOCK);
            self.gap.push_map(&block);
            self.gap.flush_if_large(visit);
            sparse.add(&header::continued_sparse_block(&block));
        }
        self.refuse(at, sparse.is_invalid.then_some("has an invalid map of a sparse file"));
        Ok(())
    }

    /// Reads the map in front of a body (pax 1.0). If there is no map, the body remains as it is.
    fn read_map(&mut self, at: u64, entry: &mut Entry, visit: &mut impl Visit) -> Result<(), TarError> {
        let Extent::Sparse(map) = &mut entry.extent else { return Ok(()) };
        let (stored, mut reader) = (entry.size, MapReader::default());
        while !reader.is_done() && entry.size > 0 {
            let len = BLOCK.min(usize::try_from(entry.size).unwrap_or(BLOCK));
            let view = self.window.fill(len)?;
            let Some(block) = view.get(..len.min(view.len())).filter(|block| !block.is_empty()) else {
                break;
            };
            reader.read(block, map);
            if reader.is_no_map() {
                break;
            }
            let (mut copy, len) = ([0; BLOCK], block.len());
            copy.iter_mut().zip(block).for_each(|(to, from)| *to = *from);
            self.window.consume(len);
            self.gap.push_map(copy.get(..len).unwrap_or_default());
            self.gap.flush_if_large(visit);
            entry.size -= len as u64;
        }
        if !reader.is_valid() {
            let is_cut_off = entry.size > 0 && self.window.fill(1)?.is_empty();
            self.refuse(at, (!is_cut_off).then_some("has an invalid map of a sparse file"));
            if entry.size == stored {
                entry.extent = Extent::Whole;
            }
        }
        Ok(())
    }

    fn rest(&mut self, visit: &mut impl Visit) -> io::Result<()> {
        let bounds = Bounds { start: self.window.offset(), after_end: self.after_end };
        let mut rest = self.window.body(u64::MAX);
        if rest.fill_buf()?.is_empty() {
            return Ok(());
        }
        visit.rest(bounds, &mut rest)
    }
}

/// Returns true if the first bytes of a stream begin a tar archive: they are a valid header block.
pub(crate) fn begins_tar(bytes: &[u8]) -> bool {
    bytes.first_chunk::<BLOCK>().is_some_and(|block| header::read(block).is_some())
}

#[cfg(test)]
mod tests;
