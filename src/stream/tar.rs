//! Tar streams as entries (POSIX ustar and pax, GNU and V7 headers).
//!
//! Header blocks are read by the `tar` crate; the walk is ours, because an auditor needs what an
//! extractor may drop: the bytes between bodies, what stands behind the end-of-archive marker, names
//! as they are written, and a stream that goes on after something odd.

use std::io::{self, BufRead, Read};

use super::path;
use super::sparse::SparseMap;
use super::window::{Peek, Window};
use crate::fault::Code;

mod gap;
mod header;

use gap::GapBuffer;
pub(crate) use gap::{Field, Gap};
use header::{Extended, Kind};

const BLOCK: usize = 512;
/// Extended headers and long names larger than this are refused, as Go's `archive/tar` does, with which
/// every container engine reads its layers.
const MAX_EXTENDED: u64 = 1024 * 1024;

/// What kind of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A regular file, sparse or not.
    File,
    /// A directory.
    Directory,
    /// Another name for an entry of this layer or of one below it.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe, or a type that no specification names.
    Other,
}

/// One entry of a tar stream.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The path, normalised.
    pub path: Vec<u8>,
    /// Whether the name as written is absolute or climbs with `..`.
    pub odd_name: bool,
    /// What it is.
    pub kind: EntryKind,
    /// The target of a link, as written.
    pub link: Option<Vec<u8>>,
    /// Length of the body in the stream, in bytes.
    pub size: u64,
    /// Offset of the body in the stream.
    pub body_offset: u64,
    /// Whether it stands behind the end-of-archive marker, where extractors stop reading.
    pub after_end: bool,
    /// How the body lies in the file.
    pub extent: Extent,
}

/// How an entry's body lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It is the file.
    Whole,
    /// It is the data between the file's holes.
    Sparse(SparseMap),
    /// The same, with the map in front ([`SparseMap::read`]).
    SparseMapInBody,
}

/// Where a stretch of raw bytes lies, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Offset of its first byte in the stream.
    pub start: u64,
    /// Whether it stands behind the end-of-archive marker.
    pub after_end: bool,
}

/// Why a walk did not reach the end of its stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    /// The reader under the walk failed: a decoder, or the disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The stream does not begin with a tar header.
    #[error("it is not a tar archive")]
    NotTar,
    /// Something that is no tar header stands where one should.
    #[error("there is no valid tar header at byte {at}, so what follows is not known as files")]
    BadHeader {
        /// Offset in the stream.
        at: u64,
    },
    /// The stream ends inside an entry.
    #[error("it breaks off inside {}: {missing} more bytes were announced", String::from_utf8_lossy(path))]
    Truncated {
        /// The entry's path.
        path: Vec<u8>,
        /// Bytes that were announced and did not come.
        missing: u64,
    },
    /// The stream ends where an entry is announced and has not begun.
    #[error("it breaks off {place}, at byte {at}")]
    BreaksOff {
        /// Offset of the header it ends in or behind.
        at: u64,
        /// Where that is.
        place: &'static str,
    },
    /// An extended header that no extractor would accept.
    #[error("an extended tar header at byte {at} claims {size} bytes")]
    HugeHeader {
        /// Offset in the stream.
        at: u64,
        /// The size it claims.
        size: u64,
    },
}

impl TarError {
    /// The kind of problem that it is.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Io(error) => Code::of(error),
            Self::NotTar | Self::BadHeader { .. } | Self::HugeHeader { .. } => Code::Corrupt,
            Self::Truncated { .. } | Self::BreaksOff { .. } => Code::Truncated,
        }
    }
}

/// What is done with the parts of a tar stream. Every byte of it goes to exactly one of the three, but
/// for zero blocks; gaps also hold a few bytes on either side, so that nothing hides across a border.
pub(crate) trait Visit {
    /// Bytes between bodies: headers, padding, extended headers.
    fn gap(&mut self, gap: &Gap<'_>);
    /// An entry, with its body. What it leaves unread of the body is skipped.
    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()>;
    /// Bytes that are not part of any entry, to the end of the stream.
    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()>;
}

/// Walks a tar stream to its end, not to its end-of-archive marker. After an error other than one of the
/// reader's, what remains has been given to [`Visit::rest`].
pub(crate) fn walk<R: Read>(window: &mut Window<R>, visit: &mut impl Visit) -> Result<(), TarError> {
    Walk { window, gap: GapBuffer::default(), after_end: false, entries: 0, pending: None }.run(visit)
}

struct Walk<'a, R> {
    window: &'a mut Window<R>,
    gap: GapBuffer,
    after_end: bool,
    entries: u64,
    /// Offset of the first extended header that belongs to no entry yet.
    pending: Option<u64>,
}

impl<R: Read> Walk<'_, R> {
    fn run(&mut self, visit: &mut impl Visit) -> Result<(), TarError> {
        let outcome = self.entries(visit);
        if let Err(TarError::Io(_)) = outcome {
            // What was read before the error is still looked at.
            self.gap.flush(None, visit);
            let bounds = Bounds { start: self.window.offset(), after_end: self.after_end };
            let mut view = self.window.view();
            if !view.is_empty() {
                visit.rest(bounds, &mut view)?;
            }
        }
        outcome
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
                        Some(at) => Err(TarError::BreaksOff { at, place: "behind an extended tar header" }),
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
            zero_blocks = 0;
            let block = *block;
            let Some(header) = header::read(&block) else {
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
                    extended.add(header.kind, &body);
                    if header.kind != Kind::GlobalPax {
                        self.pending.get_or_insert(at);
                    }
                    self.gap.flush_if_large(visit);
                }
                Kind::Entry(kind) => {
                    self.pending = None;
                    let mut sparse = header.sparse(&block);
                    if header.more_sparse_blocks {
                        self.read_sparse_blocks(at, &mut sparse, visit)?;
                    }
                    let entry = std::mem::take(&mut extended).entry(header, kind, sparse, self.after_end);
                    self.entry(entry, visit)?;
                }
            }
        }
    }

    fn entry(&mut self, mut entry: Entry, visit: &mut impl Visit) -> Result<(), TarError> {
        entry.body_offset = self.window.offset();
        // An error of the reader comes again behind the bytes before it, which belong to the entry.
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

    /// The body of an extended header with its padding, which may end early with the stream.
    fn read_extended(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.window.body(size.next_multiple_of(BLOCK as u64)).read_to_end(&mut body)?;
        body.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(body)
    }

    fn read_sparse_blocks(
        &mut self,
        at: u64,
        sparse: &mut Option<SparseMap>,
        visit: &mut impl Visit,
    ) -> Result<(), TarError> {
        loop {
            let Some(block) = self.window.fill(BLOCK)?.first_chunk::<BLOCK>().copied() else {
                self.gap.flush(None, visit);
                self.rest(visit)?;
                return Err(TarError::BreaksOff { at, place: "inside the map of a sparse file" });
            };
            self.window.consume(BLOCK);
            self.gap.push_sparse_block(&block);
            self.gap.flush_if_large(visit);
            if !header::sparse_block(&block, sparse.get_or_insert_default()) {
                return Ok(());
            }
        }
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

/// Whether these bytes, the first of a stream, begin a tar archive: a valid header block.
pub(crate) fn begins_tar(bytes: &[u8]) -> bool {
    bytes.first_chunk::<BLOCK>().is_some_and(|block| header::read(block).is_some())
}

#[cfg(test)]
mod tests;
