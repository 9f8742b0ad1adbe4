//! The quick check for long runs of encoded text: it looks at blocks of bytes at a fixed distance. A run that is
//! long enough covers a block, so most bytes are never looked at.

/// The distance of two blocks.
pub(crate) const STRIDE: usize = 32;
/// The length of a block.
pub(crate) const BLOCK: usize = 16;

/// The characters of base64, hexadecimal digits, percent-encoding and escapes.
const CHARACTERS: &[u8; 72] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_%\\&#;=";
/// The same by the halves of a byte: for each lower half the set of upper halves, one bit for each.
#[cfg(target_arch = "x86_64")]
const LOWER: [u8; 16] = {
    let mut sets = [0; 16];
    let mut n = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < CHARACTERS.len() {
        sets[CHARACTERS[n] as usize & 15] |= 1 << (CHARACTERS[n] >> 4);
        n += 1;
    }
    sets
};
/// The bit of each upper half.
#[cfg(target_arch = "x86_64")]
const UPPER: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];
/// The NULs of a block of two-byte units, one bit for each byte.
const WIDE: [u32; 2] = [0xaaaa, 0x5555];

/// Finds the first block of `bytes` that may be a part of encoded text, as bytes or as two-byte units. Blocks begin
/// at `from`, and at each stride after it. Returns the offset of the block, or of the first one that is cut
/// by the end.
pub(crate) fn next_block(bytes: &[u8], from: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "a call of a function for certain processors; it is safe itself")]
        // SAFETY: the processor has AVX2.
        let next = unsafe { avx2::next(bytes, from) };
        return next.unwrap_or_else(|rest| one_by_one(bytes, rest));
    }
    one_by_one(bytes, from)
}

fn one_by_one(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let fits = |chunk: &[u8]| chunk.first_chunk::<BLOCK>().is_none_or(may_be_encoded);
    let strides = rest.chunks(STRIDE).position(fits).unwrap_or(rest.len().div_ceil(STRIDE));
    from + strides * STRIDE
}

/// Returns the number of characters of encoded text at the start of `bytes`.
pub(crate) fn encoded_at_start(bytes: &[u8]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "a call of a function for certain processors; it is safe itself")]
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::at_start(bytes) };
    }
    bytes.iter().position(|&b| !is_encoded(b)).unwrap_or(bytes.len())
}

/// Returns the number of characters of encoded text at the end of `bytes`.
pub(crate) fn encoded_at_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&b| !is_encoded(b)).map_or(bytes.len(), |at| bytes.len() - at - 1)
}

/// Whether a byte is a character of encoded text, by its value.
static IS_ENCODED: [bool; 256] = {
    let mut table = [false; 256];
    let mut n = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < CHARACTERS.len() {
        table[CHARACTERS[n] as usize] = true;
        n += 1;
    }
    table
};

/// Returns true if a byte is a character of encoded text.
#[inline]
pub(crate) fn is_encoded(b: u8) -> bool {
    IS_ENCODED.get(usize::from(b)).copied().unwrap_or_default()
}

fn may_be_encoded(block: &[u8; BLOCK]) -> bool {
    let bit = |(n, is_set): (usize, bool)| u32::from(is_set) << n;
    let unfit = block.iter().map(|&b| !is_encoded(b)).enumerate().map(bit).sum();
    is_run(unfit, block.iter().map(|&b| b == 0).enumerate().map(bit).sum())
}

/// Returns true if the bytes of a block that do not fit are its NULs, and these are every second byte.
fn is_run(unfit: u32, nuls: u32) -> bool {
    unfit == nuls && (nuls == 0 || WIDE.contains(&nuls))
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_set_epi64x,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::super::closer::word;
    use super::{BLOCK, LOWER, STRIDE, UPPER, is_encoded, is_run};

    const VECTOR: usize = 32;

    /// The bytes from the start of a block to the end of the next.
    const PAIR: usize = STRIDE + BLOCK;
    /// The bits of one block.
    const HALF: u32 = 16;

    /// Looks at two blocks at once. Returns the offset of the first one that fits, or as an error that of the first one
    /// that was not looked at.
    #[target_feature(enable = "avx2")]
    pub(super) fn next(bytes: &[u8], from: usize) -> Result<usize, usize> {
        let class = Class::new();
        let mut at = from;
        while let Some(pair) = bytes.get(at..).and_then(<[u8]>::first_chunk::<PAIR>) {
            let word = |at: usize| word(pair, at);
            let vector = _mm256_set_epi64x(word(STRIDE + 8), word(STRIDE), word(8), word(0));
            let unfit = class.unfit(vector);
            let nuls =
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(vector, _mm256_setzero_si256())).cast_unsigned();
            let visible = unfit & !nuls;
            if visible.trailing_zeros() >= HALF && is_run(unfit & 0xffff, nuls & 0xffff) {
                return Ok(at);
            }
            if visible.leading_zeros() >= HALF && is_run(unfit >> HALF, nuls >> HALF) {
                return Ok(at + STRIDE);
            }
            at += 2 * STRIDE;
        }
        Err(at)
    }

    /// Returns the number of characters at the start of `bytes`.
    #[target_feature(enable = "avx2")]
    pub(super) fn at_start(bytes: &[u8]) -> usize {
        let class = Class::new();
        let mut at = 0;
        while let Some(vector) = bytes.get(at..).and_then(<[u8]>::first_chunk::<VECTOR>) {
            let word = |at: usize| word(vector, at);
            let unfit = class.unfit(_mm256_set_epi64x(word(24), word(16), word(8), word(0)));
            if unfit != 0 {
                return at + unfit.trailing_zeros() as usize;
            }
            at += VECTOR;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|&b| !is_encoded(b)).unwrap_or(rest.len())
    }

    /// The tables of the characters.
    struct Class {
        lower: __m256i,
        upper: __m256i,
    }

    impl Class {
        #[target_feature(enable = "avx2")]
        fn new() -> Self {
            Self { lower: twice(&LOWER), upper: twice(&UPPER) }
        }

        /// Returns one bit for each byte that is none of the characters.
        #[target_feature(enable = "avx2")]
        fn unfit(&self, vector: __m256i) -> u32 {
            let half = _mm256_set1_epi8(15);
            let uppers = _mm256_and_si256(_mm256_srli_epi16::<4>(vector), half);
            let sets = _mm256_shuffle_epi8(self.lower, _mm256_and_si256(vector, half));
            let fit = _mm256_and_si256(sets, _mm256_shuffle_epi8(self.upper, uppers));
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(fit, _mm256_setzero_si256())).cast_unsigned()
        }
    }

    /// Puts a table into both halves of a vector.
    #[target_feature(enable = "avx2")]
    fn twice(table: &[u8; 16]) -> __m256i {
        let (low, high) = (word(table, 0), word(table, 8));
        _mm256_set_epi64x(high, low, high, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_encoded_text_and_others() {
        for b in 0..=255_u8 {
            let fits = b.is_ascii_alphanumeric() || b"+/-_%\\&#;=".contains(&b);
            assert_eq!(is_encoded(b), fits, "{b}");
            let wide = |first: u8, second: u8| [[first, second]; BLOCK / 2].concat();
            for block in [vec![b; BLOCK], wide(b, 0), wide(0, b)] {
                for n in 0..4 {
                    let bytes = [vec![b' '; n * STRIDE], block.clone(), vec![b' '; 100]].concat();
                    assert_eq!(next_block(&bytes, 0) == n * STRIDE, fits, "{b}");
                }
            }
        }
    }

    const PIECES: [&[u8]; 6] = [b"aaaaaaaaaaaaaaaa", b"a\0a\0a\0a\0", b"\0\0\0\0\0\0\0\0", b" ", b"%", b"\0"];

    proptest::proptest! {
        /// All ways find the same block, wherever it is.
        #[test]
        fn all_ways_agree(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60),
            from in 0..40_usize,
        ) {
            let bytes = pieces.concat();
            proptest::prop_assert_eq!(next_block(&bytes, from), one_by_one(&bytes, from));
            let rest = &bytes[from.min(bytes.len())..];
            let plainly = rest.iter().take_while(|&&b| is_encoded(b)).count();
            proptest::prop_assert_eq!(encoded_at_start(rest), plainly);
            let plainly = rest.iter().rev().take_while(|&&b| is_encoded(b)).count();
            proptest::prop_assert_eq!(encoded_at_end(rest), plainly);
        }
    }
}
