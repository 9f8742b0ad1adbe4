//! The search with vectors of 64 bytes. Whole bytes are looked up, so there are few false candidates.

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_mask_mov_epi8, _mm512_movepi8_mask, _mm512_permutex2var_epi8,
    _mm512_set_epi64, _mm512_set1_epi8, _mm512_test_epi8_mask,
};

use super::arrange::{Compared, buckets};
use super::blocks::CHARACTERS;
use super::closer::{Closer, Places, word};
use super::marks::Watch;
use super::{MASK, Needles};

const VECTOR: usize = 64;
/// The number of bytes that are read for the positions of one vector.
const BLOCK: usize = VECTOR + MASK - 1;

/// The bit of the characters of encoded text, if they are marked.
const ENCODED: u8 = 1 << 7;

/// A search with eight buckets, one bit of a byte each. The last one may be the characters of encoded text instead, in
/// the table of the first bytes alone.
pub(super) struct Avx512 {
    /// For each of the first bytes: the buckets that contain the byte, if it is ASCII.
    ascii: [[u8; 128]; MASK],
    /// The buckets that contain any other byte.
    others: [u8; MASK],
    closer: Closer,
}

impl Avx512 {
    /// Returns `None` if the processor does not have the instructions.
    pub(super) fn new(needles: &Needles<'_>) -> Option<Self> {
        let is_able = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vbmi");
        if !is_able {
            return None;
        }
        let (mut ascii, mut others) = ([[0; 128]; MASK], [0; MASK]);
        let count = if needles.marks { 7 } else { 8 };
        if let ([ascii, ..], true) = (&mut ascii, needles.marks) {
            for b in CHARACTERS {
                *ascii.get_mut(usize::from(*b))? |= ENCODED;
            }
        }
        for (n, bucket) in
            buckets(needles.groups(), count, usize::MAX, Compared::Ascii).into_iter().enumerate()
        {
            for needle in bucket {
                for ((ascii, others), b) in ascii.iter_mut().zip(&mut others).zip(needle) {
                    *ascii.get_mut(usize::from(*b)).unwrap_or(others) |= 1 << n;
                }
            }
        }
        Some(Self { ascii, others, closer: Closer::new(needles)? })
    }

    /// Finds the first needle in `bytes` at or after `from`. Returns its offset and its number.
    pub(super) fn find(&self, bytes: &[u8], from: usize, watch: &mut impl Watch) -> Option<(usize, usize)> {
        self.closer.find::<VECTOR>(bytes, from, |from| {
            #[expect(unsafe_code, reason = "a call of a function for certain processors; it is safe itself")]
            // SAFETY: `new` returns a search only if the processor has these AVX-512 extensions.
            unsafe {
                self.next(bytes, from, watch)
            }
        })
    }

    #[target_feature(enable = "avx512bw,avx512vbmi")]
    fn next<W: Watch>(&self, bytes: &[u8], from: usize, watch: &mut W) -> Places {
        watch.begin();
        let ascii = self.ascii.each_ref().map(|sets| [load(sets, 0), load(sets, VECTOR)]);
        let others = self.others.map(|sets| _mm512_set1_epi8(sets.cast_signed()));
        let mut at = from;
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            let mut buckets = _mm512_set1_epi8(-1);
            for (n, ([low, up], others)) in ascii.iter().zip(others).enumerate() {
                let vector = load(block, n);
                let sets = _mm512_permutex2var_epi8(*low, vector, *up);
                let sets = _mm512_mask_mov_epi8(sets, _mm512_movepi8_mask(vector), others);
                if W::IS_ON && n == 0 {
                    watch.see(at, _mm512_movepi8_mask(sets), VECTOR);
                }
                buckets = _mm512_and_si512(buckets, sets);
            }
            let bits = _mm512_test_epi8_mask(buckets, buckets);
            if bits != 0 {
                let bits = self.closer.likely(block, bits);
                if bits != 0 {
                    return Places { at, bits };
                }
            }
            at += VECTOR;
        }
        Places { at, bits: 0 }
    }
}

#[inline]
#[target_feature(enable = "avx512bw")]
fn load(bytes: &[u8], from: usize) -> __m512i {
    let word = |i: usize| word(bytes, from + 8 * i);
    _mm512_set_epi64(word(7), word(6), word(5), word(4), word(3), word(2), word(1), word(0))
}
