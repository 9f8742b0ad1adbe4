//! The characters of encoded text, and the check for long runs of them: it looks at blocks of bytes at a fixed
//! distance. A run that is long enough covers a block, so most bytes are never looked at.

use super::spans::{Set, at_end, at_start, is_alphanumeric, table};

/// The distance of two blocks.
pub(crate) const STRIDE: usize = 32;
/// The length of a block.
pub(crate) const BLOCK: usize = 16;

/// The characters of base64, hexadecimal digits, percent-encoding and escapes.
pub(super) const CHARACTERS: &[u8; 72] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_%\\&#;=";

/// The set of these characters.
struct Encoded;

impl Set for Encoded {
    const TABLE: [bool; 256] = table(CHARACTERS);

    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "lazy operators keep the compiler from using vectors")]
    fn has(b: u8) -> bool {
        is_alphanumeric(b)
            | (b.wrapping_sub(b'%') < 2)
            | (b == b'#')
            | (b == b'+')
            | (b == b'-')
            | (b == b'/')
            | (b == b';')
            | (b == b'=')
            | (b == b'\\')
            | (b == b'_')
    }
}

/// Returns true if a byte is a character of encoded text.
#[inline]
pub(crate) fn is_encoded(b: u8) -> bool {
    Encoded::contains(b)
}

/// Returns the number of characters of encoded text at the start of `bytes`.
pub(crate) fn encoded_at_start(bytes: &[u8]) -> usize {
    at_start::<Encoded>(bytes)
}

/// Returns the number of characters of encoded text at the end of `bytes`.
pub(crate) fn encoded_at_end(bytes: &[u8]) -> usize {
    at_end::<Encoded>(bytes)
}

/// Returns true if all bytes of a block are characters, or every second one is, with NULs between them.
pub(crate) fn may_be_encoded(block: &[u8; BLOCK]) -> bool {
    block.iter().all(|&b| is_encoded(b)) || wide_phase(block).is_some()
}

/// Returns which byte of a two-byte unit is the character, if a block is text of such units.
pub(crate) fn wide_phase(block: &[u8; BLOCK]) -> Option<usize> {
    let phase = match block {
        [first, 0, ..] if *first != 0 => 0,
        [0, second, ..] if *second != 0 => 1,
        _ => return None,
    };
    let fits = |(at, &b): (usize, &u8)| if at % 2 == phase { is_encoded(b) } else { b == 0 };
    block.iter().enumerate().all(fits).then_some(phase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_one() {
        crate::search::spans::assert_consistent::<Encoded>();
    }

    #[test]
    fn blocks_of_encoded_text_and_others() {
        for b in 0..=255_u8 {
            let fits = b.is_ascii_alphanumeric() || b"+/-_%\\&#;=".contains(&b);
            assert_eq!(is_encoded(b), fits, "{b}");
            assert_eq!(may_be_encoded(&[b; BLOCK]), fits, "{b}");
            let wide = |unit: [u8; 2]| std::array::from_fn(|n| unit[n % 2]);
            assert_eq!(wide_phase(&wide([b, 0])), fits.then_some(0), "{b}");
            assert_eq!(wide_phase(&wide([0, b])), fits.then_some(1), "{b}");
            let text = [b; 40];
            let expected = if fits { 40 } else { 0 };
            assert_eq!((encoded_at_start(&text), encoded_at_end(&text)), (expected, expected), "{b}");
        }
    }
}
