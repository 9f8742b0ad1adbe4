//! Places in a Dockerfile's source.

use crate::finding::Position;

/// A range of the source in bytes: `start` is in it, `end` is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether the two have a byte in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `offset` lies in it.
    pub fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }
}

/// Turns byte offsets into lines and columns.
///
/// A line ends with `\n`; a byte order mark in front of the first line takes no column.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    source: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `source`.
    pub fn new(source: &'a [u8]) -> Self {
        let first = if source.starts_with(super::lines::BYTE_ORDER_MARK) { 3 } else { 0 };
        let starts =
            std::iter::once(first).chain(memchr::memchr_iter(b'\n', source).map(|at| at + 1)).collect();
        Self { source, starts }
    }

    /// The line and column of the byte at `offset`, both from 1, the column in characters. Offsets past
    /// the end count as the end. A byte that is no UTF-8 counts as one character.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.source.len());
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.source.get(start..offset).unwrap_or_default();
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        Position { line: line as u64, column: column as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let source = "aé🦀b\r\nc\n".as_bytes();
        let index = LineIndex::new(source);
        for (offset, line, column) in
            [(0, 1, 1), (1, 1, 2), (3, 1, 3), (7, 1, 4), (10, 2, 1), (12, 3, 1), (99, 3, 1)]
        {
            assert_eq!(index.position(offset), Position { line, column }, "{offset}");
        }
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let source = b"\xEF\xBB\xBFFROM a";
        assert_eq!(LineIndex::new(source).position(3), Position { line: 1, column: 1 });
        assert_eq!(LineIndex::new(source).position(0), Position { line: 1, column: 1 });
    }
}
