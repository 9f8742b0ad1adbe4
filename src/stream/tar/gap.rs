//! The bytes between the bodies of a tar stream.

use crate::stream::read_buffered;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use super::extended::records;
use super::header::Kind;
use super::{BLOCK, Entry, Visit};
use crate::stream::window::{Body, Peek};

/// The number of bytes of the adjacent bodies that a gap holds on either side: more than the shortest token
/// and the context that is checked around it.
pub(super) const SEAM: usize = 128;
/// The size above which a gap is passed on in parts.
const LARGE: usize = 2 * 1024 * 1024;
/// The maximum length of a pax key. The value of a record with a longer key counts as part of its header.
/// Names of extended attributes have at most 255 bytes after their prefix.
const MAX_KEY: usize = 512;

/// The part of a gap to which a byte belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// The name of the entry.
    Name,
    /// The target of a link.
    LinkName,
    /// Another part of a header block.
    Header,
    /// The value of a pax record, such as an extended attribute, with the key of the record.
    Pax(Vec<u8>),
    /// The bytes between the end of a body and the next block.
    Padding,
}

/// The bytes between two bodies, together with the adjacent bytes of both.
pub(crate) struct Gap<'a> {
    /// The end of the previous body, the gap itself, and the start of the next body.
    pub bytes: &'a [u8],
    /// The range of the gap itself in `bytes`.
    pub own: Range<usize>,
    /// The entry whose header ends the gap, if there is one.
    pub entry: Option<&'a Entry>,
    parts: &'a Parts,
}

impl Gap<'_> {
    /// Returns the field that contains a byte of `bytes`, and the offset of the byte in the field.
    pub(crate) fn field_at(&self, offset: usize) -> (Field, usize) {
        match find(&self.parts.values, offset).or_else(|| find(&self.parts.blocks, offset)) {
            Some((range, part)) => (part.field(self.bytes, range.start), offset - range.start),
            None => (Field::Padding, 0),
        }
    }
}

/// The type of a stretch of a gap.
#[derive(Debug, Clone, Copy)]
enum Part {
    Name,
    LinkName,
    Header,
    /// The value of a pax record. The key has the given length and precedes the value, with a `=` between
    /// them.
    Pax(usize),
    Padding,
}

impl Part {
    /// Returns the field that starts at `start` of `bytes`.
    fn field(self, bytes: &[u8], start: usize) -> Field {
        match self {
            Self::Name => Field::Name,
            Self::LinkName => Field::LinkName,
            Self::Header => Field::Header,
            Self::Padding => Field::Padding,
            Self::Pax(len) => {
                let end = start.saturating_sub(1);
                Field::Pax(bytes.get(end.saturating_sub(len)..end).unwrap_or_default().to_vec())
            }
        }
    }
}

/// The parts of a gap. Each list is sorted and has no overlaps.
#[derive(Default)]
struct Parts {
    /// Whole blocks, bodies of extended headers, and padding.
    blocks: Vec<(Range<usize>, Part)>,
    /// Fields within the blocks.
    values: Vec<(Range<usize>, Part)>,
}

fn find(parts: &[(Range<usize>, Part)], offset: usize) -> Option<&(Range<usize>, Part)> {
    let behind = parts.partition_point(|(range, _)| range.start <= offset);
    parts.get(behind.checked_sub(1)?).filter(|(range, _)| range.contains(&offset))
}

#[derive(Default)]
pub(super) struct GapBuffer {
    bytes: Vec<u8>,
    parts: Parts,
    own_start: usize,
    own_end: Option<usize>,
}

impl GapBuffer {
    /// Begins the gap after a body that ends with `tail`.
    pub(super) fn start_with(&mut self, tail: &[u8]) {
        self.clear();
        self.bytes.extend_from_slice(tail);
        self.own_start = tail.len();
    }

    /// Ends the gap in front of a body of `size` bytes that starts with `view`.
    pub(super) fn end_with(&mut self, view: &[u8], size: u64) {
        self.own_end = Some(self.bytes.len());
        let len = usize::try_from(size).unwrap_or(SEAM).min(SEAM).min(view.len());
        self.bytes.extend_from_slice(view.get(..len).unwrap_or_default());
    }

    pub(super) fn push_padding(&mut self, bytes: &[u8]) {
        self.push(bytes, Part::Padding);
    }

    /// Adds a part of the map of a sparse file.
    pub(super) fn push_map(&mut self, bytes: &[u8]) {
        self.push(bytes, Part::Header);
    }

    pub(super) fn push_header(&mut self, block: &[u8; BLOCK]) {
        let start = self.bytes.len();
        self.push(block, Part::Header);
        self.parts.values.push((start..start + 100, Part::Name));
        self.parts.values.push((start + 157..start + 257, Part::LinkName));
    }

    pub(super) fn push_extended(&mut self, kind: Kind, body: &[u8]) {
        let start = self.bytes.len();
        match kind {
            Kind::LongName => self.push(body, Part::Name),
            Kind::LongLink => self.push(body, Part::LinkName),
            _ => {
                self.push(body, Part::Header);
                for (key, value) in records(body) {
                    // Both are slices of `body`.
                    let at = start + (value.as_ptr().addr() - body.as_ptr().addr());
                    let part = match key {
                        b"path" | b"GNU.sparse.name" => Part::Name,
                        b"linkpath" => Part::LinkName,
                        key if key.len() > MAX_KEY => continue,
                        key => Part::Pax(key.len()),
                    };
                    self.parts.values.push((at..at + value.len(), part));
                }
            }
        }
    }

    fn push(&mut self, bytes: &[u8], part: Part) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.parts.blocks.push((start..self.bytes.len(), part));
    }

    pub(super) fn flush(&mut self, entry: Option<&Entry>, visit: &mut impl Visit) {
        let end = self.own_end.unwrap_or(self.bytes.len());
        if end > self.own_start {
            visit.gap(&Gap { bytes: &self.bytes, own: self.own_start..end, entry, parts: &self.parts });
        }
        self.clear();
    }

    pub(super) fn flush_if_large(&mut self, visit: &mut impl Visit) {
        if self.bytes.len() > LARGE {
            let tail = self.bytes.last_chunk::<SEAM>().copied();
            self.flush(None, visit);
            self.start_with(tail.as_ref().map_or(&[], |tail| tail));
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.parts.blocks.clear();
        self.parts.values.clear();
        self.own_start = 0;
        self.own_end = None;
    }
}

/// Passes a body on and remembers its last bytes.
pub(super) struct Tail<'a, 'b, R> {
    body: &'a mut Body<'b, R>,
    last: Vec<u8>,
}

impl<'a, 'b, R: Read> Tail<'a, 'b, R> {
    pub(super) fn new(body: &'a mut Body<'b, R>) -> Self {
        Self { body, last: Vec::with_capacity(2 * SEAM) }
    }

    /// Returns the last bytes of the body, at most [`SEAM`] of them.
    pub(super) fn last(&self) -> &[u8] {
        self.last.get(self.last.len().saturating_sub(SEAM)..).unwrap_or_default()
    }

    /// Moves to the end of the body. Reads only the bytes that have to be remembered.
    pub(super) fn skip_rest(&mut self) -> io::Result<()> {
        self.body.skip(self.body.left().saturating_sub(SEAM as u64))?;
        loop {
            let n = self.fill_buf()?.len();
            if n == 0 {
                return Ok(());
            }
            self.consume(n);
        }
    }

    fn remember(last: &mut Vec<u8>, bytes: &[u8]) {
        if bytes.len() >= SEAM {
            last.clear();
        } else if last.len() > SEAM {
            last.drain(..last.len() - SEAM);
        }
        last.extend_from_slice(bytes.get(bytes.len().saturating_sub(SEAM)..).unwrap_or_default());
    }
}

impl<R: Read> BufRead for Tail<'_, '_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.body.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // The bytes are buffered, so a second request for them cannot fail.
        if let Ok(bytes) = self.body.fill_buf() {
            Self::remember(&mut self.last, bytes.get(..n).unwrap_or_default());
        }
        self.body.consume(n);
    }
}

impl<R: Read> Peek for Tail<'_, '_, R> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.body.peek(min)
    }
}

impl<R: Read> Read for Tail<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, out)
    }
}
