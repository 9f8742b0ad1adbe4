//! The search for the needles with vectors of 32 bytes. It takes half the time of `aho-corasick`'s, which compares
//! needle by needle wherever its vectors see that one may begin (`benches/README.md`): here a look at a table of
//! the needles' first three characters comes first, so that eight buckets are enough.

/// How many characters the vectors and the table look at.
#[cfg(target_arch = "x86_64")]
const MASK: usize = super::arrange::MASK;

/// For processors that have no such vectors.
#[cfg(not(target_arch = "x86_64"))]
pub(super) enum Avx2 {}

#[cfg(not(target_arch = "x86_64"))]
impl Avx2 {
    pub(super) fn new(_needles: &[&[u8]]) -> Option<Self> {
        None
    }

    pub(super) fn find(&self, _bytes: &[u8], _from: usize) -> Option<(usize, usize)> {
        match *self {}
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::Avx2;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_set_epi64x,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };
    use std::collections::BTreeMap;

    use super::super::arrange::buckets;
    use super::MASK;

    /// Bytes of a vector.
    const VECTOR: usize = 32;
    /// What is looked at for the places of one vector.
    const BLOCK: usize = VECTOR + MASK;
    /// The bits of a byte.
    const BUCKETS: usize = 8;
    /// The base-2 logarithm of the table's bits: 8 KiB, which stays in a core's nearest cache.
    const TABLE: u32 = 16;

    /// Needles of at least three characters, none of which begins with another.
    pub(in super::super) struct Avx2 {
        /// For each of the first characters: the buckets that have one with that lower half, and with that
        /// upper half.
        halves: [[[u8; 16]; 2]; MASK],
        /// A bit for each hash of the first three characters.
        table: Box<[u64]>,
        /// The needles by their first three characters, with their numbers.
        needles: BTreeMap<u32, Vec<(Vec<u8>, usize)>>,
    }

    impl Avx2 {
        /// None where the processor does not have the instructions.
        pub(in super::super) fn new(needles: &[&[u8]]) -> Option<Self> {
            if !std::arch::is_x86_feature_detected!("avx2") {
                return None;
            }
            let mut search = Self {
                halves: [[[0; 16]; 2]; MASK],
                table: vec![0; 1 << TABLE >> 6].into(),
                needles: BTreeMap::new(),
            };
            for (number, needle) in needles.iter().enumerate() {
                let first = first(needle)?;
                let (word, bit) = place(first);
                *search.table.get_mut(word)? |= 1 << bit;
                search.needles.entry(first).or_default().push((needle.to_vec(), number));
            }
            for (bucket, needles) in buckets(needles.to_vec(), BUCKETS, usize::MAX).into_iter().enumerate() {
                for needle in needles {
                    for ([lower, upper], b) in search.halves.iter_mut().zip(needle) {
                        *lower.get_mut(usize::from(b & 15))? |= 1 << bucket;
                        *upper.get_mut(usize::from(b >> 4))? |= 1 << bucket;
                    }
                }
            }
            Some(search)
        }

        /// The first needle in `bytes` at `from` or behind: where it is, and its number.
        pub(in super::super) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
            #[expect(unsafe_code, reason = "a call of a function for certain processors; it is safe itself")]
            // SAFETY: `new` gives a search only where the processor has AVX2.
            unsafe {
                self.find_by_vectors(bytes, from)
            }
        }

        #[target_feature(enable = "avx2")]
        fn find_by_vectors(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
            let halves = self.halves.each_ref().map(|[lower, upper]| [twice(lower), twice(upper)]);
            let mut at = from;
            while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
                let mut places = places(block, &halves);
                while places != 0 {
                    let place = places.trailing_zeros() as usize;
                    places &= places - 1;
                    if self.may_begin(block.get(place..).unwrap_or_default())
                        && let Some(needle) = self.needle_at(bytes, at + place)
                    {
                        return Some((at + place, needle));
                    }
                }
                at += VECTOR;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let mut starts = rest.windows(MASK).enumerate().filter(|(_, start)| self.may_begin(start));
            starts.find_map(|(place, _)| Some((at + place, self.needle_at(bytes, at + place)?)))
        }

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

    /// The first three characters as a number.
    fn first(bytes: &[u8]) -> Option<u32> {
        let &[a, b, c] = bytes.first_chunk::<MASK>()?;
        Some(u32::from_le_bytes([a, b, c, 0]))
    }

    /// The word of the table, and the bit in it.
    fn place(first: u32) -> (usize, u32) {
        // Fibonacci hashing.
        let hash = first.wrapping_mul(0x9e37_79b1) >> (32 - TABLE);
        ((hash >> 6) as usize, hash & 63)
    }

    /// The places of a block at which a needle may begin, a bit each.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn places(block: &[u8; BLOCK], halves: &[[__m256i; 2]; MASK]) -> u32 {
        let lowest = _mm256_set1_epi8(15);
        let mut buckets = _mm256_set1_epi8(-1);
        for (n, [lower, upper]) in halves.iter().enumerate() {
            let characters = load(block, n);
            let lower = _mm256_shuffle_epi8(*lower, _mm256_and_si256(characters, lowest));
            let upper =
                _mm256_shuffle_epi8(*upper, _mm256_and_si256(_mm256_srli_epi16::<4>(characters), lowest));
            buckets = _mm256_and_si256(buckets, _mm256_and_si256(lower, upper));
        }
        let none = _mm256_cmpeq_epi8(buckets, _mm256_setzero_si256());
        !_mm256_movemask_epi8(none).cast_unsigned()
    }

    /// 32 bytes of a block, `from` the first three. The compiler makes one instruction of it.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(block: &[u8; BLOCK], from: usize) -> __m256i {
        let word = |n: usize| {
            let bytes = block.get(from + 8 * n..).and_then(<[u8]>::first_chunk::<8>);
            bytes.map_or(0, |bytes| i64::from_le_bytes(*bytes))
        };
        _mm256_set_epi64x(word(3), word(2), word(1), word(0))
    }

    /// A table of 16 bytes for either half of a vector.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn twice(table: &[u8; 16]) -> __m256i {
        let half = |from: usize| {
            let bytes = table.get(from..).and_then(<[u8]>::first_chunk::<8>);
            bytes.map_or(0, |bytes| i64::from_le_bytes(*bytes))
        };
        let (low, high) = (half(0), half(8));
        _mm256_set_epi64x(high, low, high, low)
    }
}
