//! The parts of a text that may hold long runs of encoded text. The search for needles marks them as it goes by: it has
//! each byte at hand, so that the runs cost no pass of their own.

use std::ops::Range;

use super::blocks::{BLOCK, STRIDE, may_be_encoded};
#[cfg(test)]
use super::is_encoded;

/// An observer of the vectors that a search passes.
pub(super) trait Watch {
    /// Whether the observer needs the characters of encoded text.
    const IS_ON: bool;
    /// Is told that the search begins anew.
    fn begin(&mut self);
    /// Is told which of the `len` bytes at `at` are characters of encoded text, one bit for each.
    fn see(&mut self, at: usize, fits: u64, len: usize);
}

impl Watch for () {
    const IS_ON: bool = false;

    fn begin(&mut self) {}

    fn see(&mut self, _: usize, _: u64, _: usize) {}
}

/// The parts of some bytes outside of which there is no run of [`RUN`] bytes or more. They may hold less.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The parts, in order.
    parts: Vec<Range<usize>>,
    /// The end of the bytes that were seen. A run may begin in the last of them.
    seen: usize,
    /// The upper bit of the lowest lane, if the block before the next vector may be a part of a run.
    carry: u64,
}

/// The length of runs that are marked: they cover a block and half of one on either side.
const RUN: usize = STRIDE + BLOCK;
/// The lowest and the highest bit of each lane. A lane has one bit for each byte of a block.
const LOWEST: u64 = u64::MAX / (u16::MAX as u64);
const HIGHEST: u64 = LOWEST << (BLOCK - 1);

/// Returns the highest bit of each lane without any bits, and possibly of a lane behind one.
#[inline]
fn empty_lanes(bits: u64) -> u64 {
    bits.wrapping_sub(LOWEST) & !bits & HIGHEST
}

impl Watch for Marks {
    const IS_ON: bool = true;

    fn begin(&mut self) {
        // Not all of the block in front was seen with this search.
        self.carry = 1 << (BLOCK - 1);
    }

    #[inline]
    fn see(&mut self, at: usize, fits: u64, len: usize) {
        // A run covers two blocks in a row. In two-byte units every second byte is a character.
        let changes = fits ^ fits >> 1;
        let fit = empty_lanes(!fits) | empty_lanes(!(changes | HIGHEST));
        let pairs = fit & (fit << BLOCK | self.carry);
        self.carry = fit >> (len - BLOCK) & 1 << (BLOCK - 1);
        self.seen = at + len;
        if pairs != 0 {
            self.mark(at, len);
        }
    }
}

impl Marks {
    /// Marks a vector, with the bytes around it that a run may begin and end in.
    #[cold]
    fn mark(&mut self, at: usize, len: usize) {
        let part = at.saturating_sub(RUN)..at + len + STRIDE;
        match self.parts.last_mut() {
            Some(last) if part.start <= last.end => last.end = part.end,
            _ => self.parts.push(part),
        }
    }

    /// Returns the first part that does not end before `at`.
    fn next(&self, at: usize) -> Range<usize> {
        let unseen = self.seen.saturating_sub(RUN)..usize::MAX;
        let n = self.parts.partition_point(|part| part.end <= at);
        self.parts.get(n).filter(|part| part.start < unseen.start).cloned().unwrap_or(unseen)
    }

    /// Finds the first block of `bytes` that may be a part of encoded text, as bytes or as two-byte units. Blocks begin
    /// at `from`, and at each stride after it. Returns the offset of the block, or of the first one that is cut by the
    /// end. The marks count from `front` bytes before `bytes`.
    pub(crate) fn next_block(&self, bytes: &[u8], from: usize, front: usize) -> usize {
        let mut at = from;
        while at + BLOCK <= bytes.len() {
            let part = self.next(front + at);
            let start = part.start.saturating_sub(front).max(at);
            at += (start - at).next_multiple_of(STRIDE);
            let end = part.end.saturating_sub(front);
            while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
                if may_be_encoded(block) {
                    return at;
                }
                at += STRIDE;
                if at >= end {
                    break;
                }
            }
        }
        // The parts may begin far behind the end.
        let cut = (bytes.len() + 1).saturating_sub(BLOCK).saturating_sub(from).next_multiple_of(STRIDE);
        at.min((from + cut).max(from))
    }
}

/// Asserts that of every run in a text, one block is found. Blocks begin at `from`.
#[cfg(test)]
pub(super) fn assert_no_run_missed(marks: &Marks, text: &[u8], from: usize) {
    let mut found = std::collections::BTreeSet::new();
    let mut at = from;
    while at + BLOCK <= text.len() {
        at = marks.next_block(text, at, 0);
        assert!(at % STRIDE == from % STRIDE);
        found.insert(at);
        at += STRIDE;
    }
    let fits = |at: usize, every: usize, phase: usize| {
        let in_run = |n: usize| if (n - at) % every == phase { is_encoded(text[n]) } else { text[n] == 0 };
        at + RUN <= text.len() && (at..at + RUN).all(in_run)
    };
    for run in from..text.len() {
        if fits(run, 1, 0) || fits(run, 2, 0) || fits(run, 2, 1) {
            let blocks = (from..text.len()).step_by(STRIDE).filter(|at| (run..=run + STRIDE).contains(at));
            assert!(blocks.into_iter().any(|block| found.contains(&block)), "{run}: {found:?}");
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Marks of a text, as a search of `vector` bytes that stops at `stops` makes them.
    fn marks(text: &[u8], vector: usize, stops: &[usize]) -> Marks {
        let mut marks = Marks::default();
        let mut from = 0;
        for &stop in stops.iter().chain([&text.len()]) {
            marks.begin();
            while let Some(bytes) = text.get(from..from + vector).filter(|_| from < stop) {
                let bit = |(n, b): (usize, &u8)| u64::from(is_encoded(*b)) << n;
                marks.see(from, bytes.iter().enumerate().map(bit).sum(), vector);
                from += vector;
            }
            from = (stop + 1).min(from).min(text.len());
        }
        marks
    }

    pub(crate) const PIECES: [&[u8]; 7] =
        [&[b'a'; 47], b"a\0a\0a\0a\0a\0a\0a\0a\0", b"aaaaaaaaaaaaaaaa", b"a", b" ", b"\0\0\0\0\0", b"%%%"];

    proptest::proptest! {
        /// Every block within a run is found, wherever the search stopped and the blocks begin.
        #[test]
        fn no_run_is_missed(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..30),
            stops in proptest::collection::btree_set(0..900_usize, 0..5),
            (from, to) in (0..STRIDE, 0..900_usize),
            wide: bool,
        ) {
            let text = pieces.concat();
            let to = to.clamp(from.min(text.len()), text.len());
            let stops: Vec<usize> = stops.into_iter().collect();
            let marks = marks(&text, if wide { 64 } else { 32 }, &stops);
            assert_no_run_missed(&marks, text.get(..to).unwrap(), from);
        }
    }
}
