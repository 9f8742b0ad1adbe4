//! The bytes between the bodies of a tar stream.

use std::io::{self, BufRead, Read};

use super::header::{Kind, records};
use super::{BLOCK, Entry, Visit};
use crate::stream::window::Body;

/// How many bytes of the bodies on either side a gap holds: more than the shortest token and what is
/// looked at around it.
pub(super) const SEAM: usize = 128;
/// A gap larger than this is given away in parts.
const LARGE: usize = 2 * 1024 * 1024;

/// Which part of a gap a byte belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The entry's name.
    Name,
    /// The target of a link.
    LinkName,
    /// Another part of a header block.
    Header,
    /// The value of a pax record, by its key: an extended attribute, say.
    Pax(Vec<u8>),
    /// Between the end of a body and the next block.
    Padding,
}

/// The bytes between two bodies, with the border of each.
pub struct Gap<'a> {
    /// The end of the body before, the gap itself, and the start of the body behind it.
    pub bytes: &'a [u8],
    /// The gap itself within `bytes`.
    pub own: std::ops::Range<usize>,
    /// The entry whose header ends the gap, if one does.
    pub entry: Option<&'a Entry>,
    fields: &'a [(std::ops::Range<usize>, Field)],
}

impl Gap<'_> {
    /// The field in which a byte of `bytes` stands, and the byte's offset in it.
    pub fn field_at(&self, offset: usize) -> (Field, usize) {
        self.fields
            .iter()
            .rev()
            .find(|(range, _)| range.contains(&offset))
            .map_or((Field::Padding, 0), |(range, field)| (field.clone(), offset - range.start))
    }
}

#[derive(Default)]
pub(super) struct GapBuffer {
    bytes: Vec<u8>,
    fields: Vec<(std::ops::Range<usize>, Field)>,
    own_start: usize,
    own_end: Option<usize>,
}

impl GapBuffer {
    /// Begins the gap behind a body that ends with `tail`.
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

    pub(super) fn push(&mut self, bytes: &[u8], field: Field) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.fields.push((start..self.bytes.len(), field));
    }

    pub(super) fn push_header(&mut self, block: &[u8; BLOCK]) {
        let start = self.bytes.len();
        self.push(block, Field::Header);
        self.fields.push((start..start + 100, Field::Name));
        self.fields.push((start + 157..start + 257, Field::LinkName));
    }

    pub(super) fn push_extended(&mut self, kind: Kind, body: &[u8]) {
        let start = self.bytes.len();
        match kind {
            Kind::LongName => self.push(body, Field::Name),
            Kind::LongLink => self.push(body, Field::LinkName),
            _ => {
                self.push(body, Field::Header);
                for (key, value) in records(body) {
                    // Both are slices of `body`.
                    let at = start + (value.as_ptr().addr() - body.as_ptr().addr());
                    let field = match key {
                        b"path" | b"GNU.sparse.name" => Field::Name,
                        b"linkpath" => Field::LinkName,
                        key => Field::Pax(key.to_vec()),
                    };
                    self.fields.push((at..at + value.len(), field));
                }
            }
        }
    }

    pub(super) fn flush(&mut self, entry: Option<&Entry>, visit: &mut impl Visit) {
        let end = self.own_end.unwrap_or(self.bytes.len());
        if end > self.own_start {
            visit.gap(&Gap { bytes: &self.bytes, own: self.own_start..end, entry, fields: &self.fields });
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
        self.fields.clear();
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

    /// The last bytes of the body, at most [`SEAM`].
    pub(super) fn last(&self) -> &[u8] {
        self.last.get(self.last.len().saturating_sub(SEAM)..).unwrap_or_default()
    }

    /// Moves to the end of the body, reading no more of it than has to be remembered.
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
        // The bytes are buffered, so asking for them again cannot fail.
        if let Ok(bytes) = self.body.fill_buf() {
            Self::remember(&mut self.last, bytes.get(..n).unwrap_or_default());
        }
        self.body.consume(n);
    }
}

impl<R: Read> Read for Tail<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}
