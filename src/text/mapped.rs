//! Text that maps each of its bytes to the source.

use std::{fmt, ops::Range};

use super::Span;
use crate::sensitive::Sensitive;

/// Bytes that are assembled from a Dockerfile: a joined instruction, a word without its quotes, or the
/// script of a heredoc. Each byte maps to the source bytes it represents. The map is monotonic.
///
/// The bytes may hold a token, so they are wiped when dropped and never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    bytes: Sensitive,
    pieces: Vec<Piece>,
}

/// A run of bytes. A run as long as its source is a copy and maps byte by byte. Any other run was decoded
/// (an escape), and all of it maps to all of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    text: usize,
    len: usize,
    source: Span,
}

impl Piece {
    fn is_copy(&self) -> bool {
        self.len == self.source.end - self.source.start
    }

    fn span_at(&self, offset: usize) -> Span {
        if self.is_copy() {
            let start = self.source.start + (offset - self.text);
            Span::new(start, start + 1)
        } else {
            self.source
        }
    }
}

impl Text {
    /// Returns an empty text.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns the bytes of `source` at `span`.
    pub(crate) fn from_source(source: &[u8], span: Span) -> Self {
        let mut text = Self::new();
        text.push_source(source, span);
        text
    }

    /// Appends the bytes of `source` at `span`.
    pub(crate) fn push_source(&mut self, source: &[u8], span: Span) {
        self.push(source.get(span.start..span.end).unwrap_or_default(), span);
    }

    /// Appends bytes that represent the source at `span`.
    pub(crate) fn push(&mut self, bytes: &[u8], span: Span) {
        if bytes.is_empty() {
            return;
        }
        let piece = Piece { text: self.bytes.len(), len: bytes.len(), source: span };
        self.bytes.extend(bytes);
        match self.pieces.last_mut() {
            Some(last) if last.is_copy() && piece.is_copy() && last.source.end == span.start => {
                last.len += piece.len;
                last.source.end = span.end;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// Appends a part of another text together with its map.
    pub(crate) fn push_text(&mut self, other: &Self, range: Range<usize>) {
        let first = other.pieces.partition_point(|p| p.text + p.len <= range.start);
        for piece in other.pieces.iter().skip(first).take_while(|p| p.text < range.end) {
            let start = piece.text.max(range.start);
            let end = (piece.text + piece.len).min(range.end);
            let Some(bytes) = other.bytes.get(start..end) else { return };
            let source = if piece.is_copy() {
                let shift = piece.source.start;
                Span::new(shift + (start - piece.text), shift + (end - piece.text))
            } else {
                piece.source
            };
            self.push(bytes, source);
        }
    }

    /// Returns a part of the text together with its map.
    #[must_use]
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let mut text = Self::new();
        text.push_text(self, range);
        text
    }

    /// Returns the bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the byte at `offset`.
    pub(crate) fn byte(&self, offset: usize) -> Option<u8> {
        self.bytes.get(offset).copied()
    }

    /// Returns true if the bytes at `offset` begin with `prefix`.
    pub(crate) fn starts_with_at(&self, offset: usize, prefix: &[u8]) -> bool {
        self.bytes.get(offset..).is_some_and(|rest| rest.starts_with(prefix))
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns true if the text is a copy of one run of source bytes.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.pieces.len() < 2 && self.pieces.iter().all(Piece::is_copy)
    }

    /// Returns true if there are no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the text with invalid UTF-8 replaced. The result may hold a token: compare it, never show it.
    pub(crate) fn to_str(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Returns the source offset of the byte at `offset`. At or past the end, returns the source offset
    /// after the last byte.
    pub(crate) fn source_offset(&self, offset: usize) -> usize {
        match self.piece_at(offset) {
            Some(piece) => piece.span_at(offset).start,
            None => self.pieces.last().map_or(0, |p| p.source.end),
        }
    }

    /// Returns the source span of the bytes in `range`, including any source bytes between them.
    pub(crate) fn source_span(&self, range: Range<usize>) -> Span {
        let start = self.source_offset(range.start);
        let last = range.end.saturating_sub(1).max(range.start);
        let end = self.piece_at(last).map_or(start, |p| p.span_at(last).end);
        Span::new(start, end.max(start))
    }

    /// Returns the first offset whose byte comes from `source_offset` or from a later source offset.
    pub(crate) fn offset_of(&self, source_offset: usize) -> usize {
        let index = self.pieces.partition_point(|piece| piece.source.end <= source_offset);
        match self.pieces.get(index) {
            None => self.len(),
            Some(piece) if piece.is_copy() => {
                piece.text + source_offset.saturating_sub(piece.source.start).min(piece.len)
            }
            Some(piece) => piece.text,
        }
    }

    /// Returns the source span of the whole text.
    pub(crate) fn span(&self) -> Span {
        self.source_span(0..self.len())
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        let index = self.pieces.partition_point(|p| p.text + p.len <= offset);
        self.pieces.get(index)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes from {:?})", self.len(), self.span())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_their_places() {
        let source = b"abc\\\n  def";
        let mut text = Text::from_source(source, Span::new(0, 3));
        text.push_source(source, Span::new(5, 10));
        assert_eq!(text.as_bytes(), b"abc  def");
        assert_eq!(text.source_offset(2), 2);
        assert_eq!(text.source_offset(3), 5);
        assert_eq!(text.source_span(2..6), Span::new(2, 8));
        let part = text.slice(2..7).slice(1..5);
        assert_eq!(part.as_bytes(), b"  de");
        assert_eq!(part.span(), Span::new(5, 9));
        assert_eq!(text.source_offset(99), 10);
    }

    #[test]
    fn a_decoded_escape_maps_to_all_of_it() {
        let mut text = Text::new();
        text.push(b"a", Span::new(1, 7));
        text.push(b"b", Span::new(7, 8));
        assert_eq!(text.source_span(0..1), Span::new(1, 7));
        assert_eq!(text.source_span(1..2), Span::new(7, 8));
    }

    #[test]
    fn trimming_takes_unicode_space_too() {
        let source = "\u{a0} a b \u{2003}".as_bytes();
        let text = Text::from_source(source, Span::new(0, source.len())).trimmed();
        assert_eq!(text.as_bytes(), b"a b");
        assert_eq!(text.span(), Span::new(3, 6));
    }

    #[test]
    fn debug_shows_no_content() {
        let text = Text::from_source(b"secret", Span::new(0, 6));
        assert!(!format!("{text:?}").contains("secret"));
    }
}
