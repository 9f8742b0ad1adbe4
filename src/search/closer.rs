//! The verification of candidates that the vectors report. `aho-corasick` compares needle by needle at each
//! candidate. This verification first consults a table of the first bytes of the needles.

use std::collections::BTreeMap;

use super::{MASK, Needles};

/// The base-2 logarithm of the number of bits in the table: 8 KiB, which fits the L1 cache of a core.
const TABLE: u32 = 16;

/// The needles, indexed by their first bytes.
pub(super) struct Closer {
    /// One bit for each hash of the first bytes.
    table: Box<[u64]>,
    /// The needles with their numbers.
    needles: BTreeMap<u32, Vec<(Vec<u8>, usize)>>,
}

/// The next candidates: one bit for each position from `at` on. Without any bit there are no candidates
/// left, and the rest from `at` on is too short for a vector.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub(super) at: usize,
    pub(super) bits: u64,
}

impl Closer {
    /// Returns `None` if a needle is too short.
    pub(super) fn new(needles: &Needles<'_>) -> Option<Self> {
        let mut closer = Self { table: vec![0; 1 << TABLE >> 6].into(), needles: BTreeMap::new() };
        for (number, needle) in needles.numbered() {
            let first = first(needle)?;
            let (word, bit) = place(first);
            *closer.table.get_mut(word)? |= 1 << bit;
            closer.needles.entry(first).or_default().push((needle.to_vec(), number));
        }
        Some(closer)
    }

    /// Finds the first needle in `bytes` at or after `from`, with vectors of `VECTOR` bytes. `next` returns
    /// the next candidates that [`Self::likely`] lets through.
    #[inline]
    pub(super) fn find<const VECTOR: usize>(
        &self,
        bytes: &[u8],
        from: usize,
        mut next: impl FnMut(usize) -> Places,
    ) -> Option<(usize, usize)> {
        let mut places = next(from);
        while places.bits != 0 {
            while places.bits != 0 {
                let place = places.at + places.bits.trailing_zeros() as usize;
                places.bits &= places.bits - 1;
                if let Some(needle) = self.needle_at(bytes, place) {
                    return Some((place, needle));
                }
            }
            places = next(places.at + VECTOR);
        }
        let rest = bytes.get(places.at..).unwrap_or_default();
        let mut starts = rest.windows(MASK).enumerate().filter(|(_, start)| self.may_begin(start));
        starts.find_map(|(n, _)| Some((places.at + n, self.needle_at(bytes, places.at + n)?)))
    }

    /// Returns the candidates of a block that the table lets through. It is a part of the loop over vectors, whose
    /// tables take long to load: the loop ends only for them.
    #[expect(clippy::inline_always, reason = "a call would save and load the vectors")]
    #[inline(always)]
    pub(super) fn likely(&self, block: &[u8], candidates: u64) -> u64 {
        let (mut rest, mut likely) = (candidates, 0);
        while rest != 0 {
            let place = rest.trailing_zeros();
            rest &= rest - 1;
            let is_likely = block.get(place as usize..).is_some_and(|start| self.may_begin(start));
            likely |= u64::from(is_likely) << place;
        }
        likely
    }

    #[expect(clippy::inline_always, reason = "a part of that loop")]
    #[inline(always)]
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let Some((word, bit)) = first(bytes).map(place) else { return false };
        self.table.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }

    fn needle_at(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let rest = bytes.get(at..)?;
        let needles = self.needles.get(&first(rest)?)?;
        needles.iter().find(|(needle, _)| rest.starts_with(needle)).map(|(_, number)| *number)
    }
}

/// Returns the first bytes as a number.
#[inline]
fn first(bytes: &[u8]) -> Option<u32> {
    let &[a, b, c] = bytes.first_chunk::<MASK>()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

/// Returns the word of the table and the bit in the word.
#[inline]
fn place(first: u32) -> (usize, u32) {
    // Fibonacci hashing.
    let hash = first.wrapping_mul(0x9e37_79b1) >> (32 - TABLE);
    ((hash >> 6) as usize, hash & 63)
}

/// Returns eight bytes in memory order. The compiler merges calls for adjacent words into one load.
#[inline]
pub(super) fn word(bytes: &[u8], from: usize) -> i64 {
    let bytes = bytes.get(from..).and_then(<[u8]>::first_chunk::<8>);
    bytes.map_or(0, |bytes| i64::from_le_bytes(*bytes))
}
