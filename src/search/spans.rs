//! Spans of bytes that are all in one set of characters.

/// A set of characters.
pub(crate) trait Set {
    /// Whether each byte is in the set.
    const TABLE: [bool; 256];

    /// Returns the same by comparisons, of which the compiler makes vectors.
    fn has(b: u8) -> bool;

    /// Returns true if a byte is in the set.
    #[inline]
    fn contains(b: u8) -> bool {
        Self::TABLE.get(usize::from(b)).copied().unwrap_or_default()
    }
}

/// Returns the table of a set.
pub(crate) const fn table(characters: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut n = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < characters.len() {
        table[characters[n] as usize] = true;
        n += 1;
    }
    table
}

/// The number of bytes that are looked at together.
const CHUNK: usize = 16;

/// Returns the number of bytes at the start that are in a set.
#[inline]
pub(crate) fn at_start<S: Set>(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let whole = chunks.iter().take_while(|chunk| all::<S>(chunk)).count() * CHUNK;
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().position(|&b| !S::contains(b)).unwrap_or(rest.len())
}

/// Returns the number of bytes at the end that are in a set.
#[inline]
pub(crate) fn at_end<S: Set>(bytes: &[u8]) -> usize {
    let (_, chunks) = bytes.as_rchunks::<CHUNK>();
    let whole = chunks.iter().rev().take_while(|chunk| all::<S>(chunk)).count() * CHUNK;
    let rest = bytes.get(..bytes.len() - whole).unwrap_or_default();
    whole + rest.iter().rev().position(|&b| !S::contains(b)).unwrap_or(rest.len())
}

#[inline]
fn all<S: Set>(chunk: &[u8; CHUNK]) -> bool {
    chunk.iter().fold(0, |others, &b| others | u8::from(!S::has(b))) == 0
}

/// Returns true for an ASCII letter or digit.
#[inline]
pub(crate) fn is_alphanumeric(b: u8) -> bool {
    ((b | 0x20).wrapping_sub(b'a') < 26) | (b.wrapping_sub(b'0') < 10)
}

/// Asserts that both ways to ask a set agree.
#[cfg(test)]
pub(crate) fn assert_consistent<S: Set>() {
    for b in 0..=255_u8 {
        assert_eq!(S::contains(b), S::has(b), "{b}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The set for tests.
    struct A;

    impl Set for A {
        const TABLE: [bool; 256] = table(b"a");

        fn has(b: u8) -> bool {
            b == b'a'
        }
    }

    proptest::proptest! {
        #[test]
        fn spans_are_those_of_a_loop(text in "[ab ]{0,3}a{0,100}[ab ]{0,3}a{0,100}[ab ]{0,3}") {
            let start = text.bytes().take_while(|&b| b == b'a').count();
            let end = text.bytes().rev().take_while(|&b| b == b'a').count();
            proptest::prop_assert_eq!((at_start::<A>(text.as_bytes()), at_end::<A>(text.as_bytes())), (start, end));
        }
    }

    #[test]
    fn letters_and_digits() {
        for b in 0..=255_u8 {
            assert_eq!(is_alphanumeric(b), b.is_ascii_alphanumeric(), "{b}");
        }
    }
}
