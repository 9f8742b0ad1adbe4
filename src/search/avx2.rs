//! The search with vectors of 32 bytes. The halves of each byte are looked up in tables of 16 entries, and
//! each entry is a set of eight buckets. So the search also accepts bytes that mix the halves of several
//! needles in a bucket.

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x,
    _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::arrange::{Compared, buckets};
use super::blocks::CHARACTERS;
use super::closer::{Closer, Places, word};
use super::marks::Watch;
use super::{MASK, Needles};

const VECTOR: usize = 32;
/// The number of bytes that are read for the positions of one vector.
const BLOCK: usize = VECTOR + MASK - 1;

/// A search with `SETS` sets of eight buckets.
pub(super) struct Avx2<const SETS: usize> {
    /// For each of the first bytes: the buckets with a byte of that lower half, and those with a byte of
    /// that upper half.
    halves: [[[[u8; 16]; 2]; SETS]; MASK],
    closer: Closer,
}

/// The characters of encoded text by the halves of a byte: for each lower half the set of upper halves, one bit for
/// each, and the bit of each upper half.
const ENCODED: [[u8; 16]; 2] = {
    let mut lower = [0; 16];
    let mut n = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < CHARACTERS.len() {
        lower[CHARACTERS[n] as usize & 15] |= 1 << (CHARACTERS[n] >> 4);
        n += 1;
    }
    [lower, [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0]]
};

impl<const SETS: usize> Avx2<SETS> {
    /// Returns `None` if the processor does not have the instructions.
    pub(super) fn new(needles: &Needles<'_>) -> Option<Self> {
        if !std::arch::is_x86_feature_detected!("avx2") {
            return None;
        }
        let mut halves = [[[[0; 16]; 2]; SETS]; MASK];
        for (n, bucket) in
            buckets(needles.groups(), 8 * SETS, usize::MAX, Compared::Halves).into_iter().enumerate()
        {
            for needle in bucket {
                for (sets, b) in halves.iter_mut().zip(needle) {
                    let [lower, upper] = sets.get_mut(n / 8)?;
                    *lower.get_mut(usize::from(b & 15))? |= 1 << (n % 8);
                    *upper.get_mut(usize::from(b >> 4))? |= 1 << (n % 8);
                }
            }
        }
        Some(Self { halves, closer: Closer::new(needles)? })
    }

    /// Finds the first needle in `bytes` at or after `from`. Returns its offset and its number.
    pub(super) fn find(&self, bytes: &[u8], from: usize, watch: &mut impl Watch) -> Option<(usize, usize)> {
        self.closer.find::<VECTOR>(bytes, from, |from| {
            #[expect(unsafe_code, reason = "a call of a function for certain processors; it is safe itself")]
            // SAFETY: `new` returns a search only if the processor has AVX2.
            unsafe {
                self.next(bytes, from, watch)
            }
        })
    }

    #[target_feature(enable = "avx2")]
    fn next<W: Watch>(&self, bytes: &[u8], from: usize, watch: &mut W) -> Places {
        watch.begin();
        let encoded = ENCODED.each_ref().map(|halves| twice(halves));
        let tables =
            self.halves.each_ref().map(|sets| sets.each_ref().map(|[low, up]| [twice(low), twice(up)]));
        let half = _mm256_set1_epi8(15);
        let mut at = from;
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            let mut buckets = [_mm256_set1_epi8(-1); SETS];
            for (n, sets) in tables.iter().enumerate() {
                let word = |i: usize| word(block, n + 8 * i);
                let vector = _mm256_set_epi64x(word(3), word(2), word(1), word(0));
                let lower = _mm256_and_si256(vector, half);
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(vector), half);
                if W::IS_ON && n == 0 {
                    let [low, up] = encoded;
                    let both =
                        _mm256_and_si256(_mm256_shuffle_epi8(low, lower), _mm256_shuffle_epi8(up, upper));
                    let other = _mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
                    watch.see(at, u64::from(!other.cast_unsigned()), VECTOR);
                }
                for (buckets, [low, up]) in buckets.iter_mut().zip(sets) {
                    let both =
                        _mm256_and_si256(_mm256_shuffle_epi8(*low, lower), _mm256_shuffle_epi8(*up, upper));
                    *buckets = _mm256_and_si256(*buckets, both);
                }
            }
            let none = _mm256_setzero_si256();
            let any = buckets.into_iter().fold(none, |any, buckets| _mm256_or_si256(any, buckets));
            let bits = !_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, none)).cast_unsigned();
            if bits != 0 {
                let bits = self.closer.likely(block, u64::from(bits));
                if bits != 0 {
                    return Places { at, bits };
                }
            }
            at += VECTOR;
        }
        Places { at, bits: 0 }
    }
}

/// Puts a table of 16 bytes into both halves of a vector.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(table: &[u8; 16]) -> __m256i {
    let (low, high) = (word(table, 0), word(table, 8));
    _mm256_set_epi64x(high, low, high, low)
}
