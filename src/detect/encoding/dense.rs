//! Decoding of long runs without anything between their characters.

use super::base64::{Characters, sextet_or_more};
use super::hex::{Digits, digit_or_more};
use crate::search::spans::at_start;
use crate::sensitive::Sensitive;

/// Decodes groups of four characters of base64, up to the first group with another byte. Returns the number of
/// characters that were decoded.
pub(in crate::detect) fn base64(text: &[u8], out: &mut Sensitive) -> usize {
    let groups = text.get(..at_start::<Characters>(text)).unwrap_or_default().as_chunks().0;
    let bytes = |group: [u8; 4]| {
        let [_, bytes @ ..] = bits(group).to_be_bytes();
        bytes
    };
    decode(groups, bytes, out)
}

/// Decodes pairs of hexadecimal digits, up to the first pair with another byte. Returns the number of digits that
/// were decoded.
pub(in crate::detect) fn hex(text: &[u8], out: &mut Sensitive) -> usize {
    let pairs = text.get(..at_start::<Digits>(text)).unwrap_or_default().as_chunks().0;
    let byte = |[high, low]: [u8; 2]| [digit_or_more(high) << 4 | digit_or_more(low)];
    decode(pairs, byte, out)
}

/// Returns the bits of a group of characters of base64.
#[inline]
pub(in crate::detect) fn bits(group: [u8; 4]) -> u32 {
    let [a, b, c, d] = group.map(|b| u32::from(sextet_or_more(b)));
    a << 18 | b << 12 | c << 6 | d
}

fn decode<const FROM: usize, const TO: usize>(
    groups: &[[u8; FROM]],
    bytes: impl Fn([u8; FROM]) -> [u8; TO],
    out: &mut Sensitive,
) -> usize {
    let (decoded, _) = out.grow(groups.len() * TO).as_chunks_mut();
    for (to, from) in decoded.iter_mut().zip(groups) {
        *to = bytes(*from);
    }
    groups.len() * FROM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_sets() {
        crate::search::spans::assert_consistent::<Characters>();
        crate::search::spans::assert_consistent::<Digits>();
    }

    proptest::proptest! {
        #[test]
        fn a_run_is_decoded_up_to_the_first_other_byte(data: Vec<u8>, behind in "[ \\n=%][A-Za-z0-9]{0,9}") {
            use ::base64::Engine as _;
            let engine = ::base64::engine::general_purpose::STANDARD_NO_PAD;
            let data = data.get(..data.len() / 3 * 3).unwrap();
            let encoded = engine.encode(data);
            let mut out = Sensitive::from("x");
            let taken = base64(format!("{encoded}{behind}").as_bytes(), &mut out);
            proptest::prop_assert_eq!((taken, &out[1..]), (encoded.len(), data));

            let digits: String = data.iter().flat_map(|b| [b >> 4, b & 15].map(|digit| format!("{digit:x}"))).collect();
            let mut out = Sensitive::default();
            let taken = hex(format!("{digits}{behind}").as_bytes(), &mut out);
            proptest::prop_assert_eq!((taken, &out[..]), (digits.len(), data));
        }
    }
}
