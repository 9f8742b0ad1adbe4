//! Conversion of byte offsets to lines and columns.

use super::BYTE_ORDER_MARK;
use crate::detect::Position;

/// Converts byte offsets to lines and columns.
///
/// A line ends with `\n`. A byte order mark in front of the first line takes no column.
#[derive(Debug, Clone)]
pub(crate) struct LineIndex<'a> {
    source: &'a [u8],
    starts: Vec<usize>,
    /// The number of characters before every [`STRIDE`]th byte, counted from the start of the source.
    characters: Vec<usize>,
}

const STRIDE: usize = 1024;

/// Counts the bytes that begin a character: all but UTF-8 continuation bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count()
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `source`.
    pub(crate) fn new(source: &'a [u8]) -> Self {
        let first = if source.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let starts =
            std::iter::once(first).chain(memchr::memchr_iter(b'\n', source).map(|at| at + 1)).collect();
        let mut before = 0;
        let checkpoints = source.chunks(STRIDE).map(|chunk| {
            let here = before;
            before += characters(chunk);
            here
        });
        let characters = checkpoints.collect();
        Self { source, starts, characters }
    }

    /// Returns the line and column of the byte at `offset`. Both count from 1, and columns count characters.
    /// Offsets past the end count as the end.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.source.len());
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self.characters_before(offset).saturating_sub(self.characters_before(start)) + 1;
        Position { line: line as u64, column: column as u64 }
    }
}

impl LineIndex<'_> {
    fn characters_before(&self, offset: usize) -> usize {
        let chunk = offset / STRIDE;
        let counted = self.characters.get(chunk).copied();
        let rest = self.source.get(chunk * STRIDE..offset).unwrap_or_default();
        counted.unwrap_or_else(|| characters(self.source)) + characters(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_long_line_are_found_at_once() {
        let source = "é".repeat(1 << 20);
        let index = LineIndex::new(source.as_bytes());
        for at in 0..1 << 20 {
            assert_eq!(index.position(2 * at).column, at as u64 + 1);
        }
    }

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
