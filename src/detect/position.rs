//! Lines and columns, counted while a stream passes.

/// A position in text. Both numbers count from 1, and the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

/// Content with a NUL within this many bytes of its start is not text and has no lines.
const TEXT_PROBE: u64 = 8 * 1024;

/// Counts lines over a stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    binary: bool,
    /// The offset of that NUL in the stream.
    nul_at: u64,
    cursor: Cursor,
}

impl Lines {
    /// Looks for a NUL in bytes at `offset` of the stream.
    pub(super) fn look_for_nul(&mut self, offset: u64, bytes: &[u8]) {
        if offset < TEXT_PROBE && !self.binary {
            let len = usize::try_from(TEXT_PROBE - offset).unwrap_or(usize::MAX);
            if let Some(at) = memchr::memchr(0, bytes.get(..len).unwrap_or(bytes)) {
                self.binary = true;
                self.nul_at = offset + at as u64;
            }
        }
    }

    /// Returns true if no NUL has been seen near the start.
    pub(super) fn is_text(&self) -> bool {
        !self.binary
    }

    /// Returns true if there is a NUL near the start and before `offset`. A later NUL must not count,
    /// because it may not have been seen yet.
    pub(super) fn is_binary_before(&self, offset: u64) -> bool {
        self.binary && self.nul_at < offset
    }

    /// Counts bytes that pass.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        if !self.binary {
            self.cursor.pass(bytes);
        }
    }

    /// Checks the byte at `offset` and counts it.
    pub(super) fn step(&mut self, offset: u64, b: u8) {
        self.binary |= b == 0 && offset < TEXT_PROBE;
        if b == b'\n' {
            self.cursor = Cursor { lines: self.cursor.lines + 1, column: 0 };
        } else {
            self.cursor.column += u64::from(b & 0xc0 != 0x80);
        }
    }

    /// Checks and counts three bytes, which are the lower bytes of `group`, the highest first.
    pub(super) fn step_group(&mut self, offset: u64, group: u32) {
        const ONES: u32 = 0x0001_0101;
        let is_in = |b: u32| {
            let other = group ^ (b * ONES);
            other.wrapping_sub(ONES) & !other & (ONES << 7) != 0
        };
        if is_in(0) || is_in(u32::from(b'\n')) {
            let [_, bytes @ ..] = group.to_be_bytes();
            for (b, at) in bytes.into_iter().zip(offset..) {
                self.step(at, b);
            }
            return;
        }
        // The continuation bytes of UTF-8 begin with a one and a zero.
        let continued = (group >> 7 & !(group >> 6) & ONES).wrapping_mul(ONES) >> 16 & 0xff;
        self.cursor.column += u64::from(3 - continued);
    }

    /// Returns a copy of the count for looking ahead.
    pub(super) fn cursor(&self) -> Ahead {
        Ahead { cursor: self.cursor.clone(), at: 0, binary: self.binary }
    }
}

#[derive(Debug, Clone, Default)]
struct Cursor {
    lines: u64,
    /// The number of characters since the last newline.
    column: u64,
}

impl Cursor {
    fn pass(&mut self, bytes: &[u8]) {
        let newlines = memchr::memchr_iter(b'\n', bytes).count();
        let line = match memchr::memrchr(b'\n', bytes) {
            Some(at) => {
                self.lines += newlines as u64;
                self.column = 0;
                bytes.get(at + 1..).unwrap_or_default()
            }
            None => bytes,
        };
        self.column += characters(line);
    }
}

/// Counts the characters of UTF-8 text: all bytes but the continuation bytes.
fn characters(bytes: &[u8]) -> u64 {
    // The compiler uses vectors for sums that fit a byte.
    let in_chunk = |chunk: &[u8]| u64::from(chunk.iter().map(|&b| u8::from(b & 0xc0 != 0x80)).sum::<u8>());
    bytes.chunks(usize::from(u8::MAX)).map(in_chunk).sum()
}

/// A count over bytes that have not passed yet. Offsets must be queried in ascending order.
pub(super) struct Ahead {
    cursor: Cursor,
    at: usize,
    binary: bool,
}

impl Ahead {
    /// Returns the position of byte `at` of `bytes`.
    pub(super) fn position(&mut self, bytes: &[u8], at: usize) -> Option<Position> {
        if self.binary {
            return None;
        }
        self.cursor.pass(bytes.get(self.at..at).unwrap_or_default());
        self.at = at;
        Some(Position { line: self.cursor.lines + 1, column: self.cursor.column + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn groups_count_as_their_bytes(
            bytes in proptest::collection::vec(proptest::sample::select(&b"a\n\xc3\xa9\x80\xff\x0b\x01"[..]), 0..60),
            nul in 0..200_usize,
        ) {
            let mut bytes = bytes;
            if let Some(b) = bytes.get_mut(nul) {
                *b = 0;
            }
            let (groups, _) = bytes.as_chunks::<3>();
            let (mut by_groups, mut by_bytes) = (Lines::default(), Lines::default());
            for (&[a, b, c], offset) in groups.iter().zip((0..).step_by(3)) {
                by_groups.step_group(offset, u32::from_be_bytes([0, a, b, c]));
                for (b, at) in [a, b, c].into_iter().zip(offset..) {
                    by_bytes.step(at, b);
                }
            }
            let position = |lines: &Lines| lines.cursor().position(b"", 0);
            proptest::prop_assert_eq!(position(&by_groups), position(&by_bytes));
        }
    }
}
