//! The characters of encoded text, and whether a run of them decodes to text.

use crate::detect::encoding::{dense, number_of, sextet};
use crate::search::{BLOCK, STRIDE};

/// The shortest run of encoded text, in characters: it covers a block wherever it begins. The shortest token
/// that is encoded twice takes 52.
pub(super) const SHORTEST: usize = STRIDE + BLOCK;

/// The number of characters of base64 or hexadecimal digits that are decoded to see whether they are text.
const WINDOW: usize = 16;
/// The distance of these windows. A token that is encoded within encoded text covers one.
const WINDOWS: usize = 32;

/// The form of a run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Base64 that begins with the given character.
    Base64(usize),
    /// Hexadecimal digits that begin with the given digit.
    Hex(usize),
}

/// Returns the form in which a run of base64 characters decodes to text.
pub(super) fn form(run: &[u8]) -> Option<Form> {
    let windows = || {
        let starts = (0..run.len()).step_by(WINDOWS);
        starts.filter_map(|at| Some((at, run.get(at..).filter(|rest| rest.len() >= WINDOW)?)))
    };
    let sign = if run.starts_with(b"0x") || run.starts_with(b"0X") { 2 } else { 0 };
    if run.iter().skip(sign).all(u8::is_ascii_hexdigit) {
        // Windows begin at even numbers, so the sign has no effect on the alignment.
        let mut windows = windows().filter(|(at, _)| sign == 0 || *at > 0);
        let is_text = |rest: &[u8], from: u32| Window::of_hex(rest).is_text(4 * from);
        let from = windows.find_map(|(_, rest)| (0..2).find(|&from| is_text(rest, from)));
        if let Some(from) = from {
            return Some(Form::Hex(if from == 0 { sign } else { sign + 1 }));
        }
    }
    // A window that is text in one alignment is hardly ever text in another.
    windows().find_map(|(at, rest)| {
        let window = Window::of_base64(rest);
        let (from, _) = (0..4).zip(0..4).find(|&(_, from)| window.is_text(6 * from))?;
        Some(Form::Base64((at + from) % 4))
    })
}

/// Returns true if a line of base64 begins a text of its own.
pub(super) fn begins_text(line: &[u8]) -> bool {
    line.get(..WINDOW).is_some_and(|line| Window::of_base64(line).is_text(0))
}

/// The bits of the characters of a window, and of those behind it that complete it in other alignments.
struct Window {
    /// The bits, from the uppermost on.
    bits: u128,
    /// The number of bits.
    len: u32,
    /// The number of bits that are decoded.
    decoded: u32,
}

/// A bit of each byte.
const EACH: u128 = u128::MAX / 255;

impl Window {
    fn of_base64(characters: &[u8]) -> Self {
        let (groups, rest) = characters.get(..WINDOW + 3).unwrap_or(characters).as_chunks();
        let bits = groups.iter().fold(0, |bits, group| bits << 24 | u128::from(dense::bits(*group)));
        let len = 24 * u32::try_from(groups.len()).unwrap_or_default();
        Self::new((bits, len), rest.iter().map(|&b| sextet(b).unwrap_or_default()), 6)
    }

    fn of_hex(digits: &[u8]) -> Self {
        Self::new((0, 0), digits.iter().take(WINDOW + 1).map(|&b| number_of(b).unwrap_or_default()), 4)
    }

    /// Appends values of `width` bits to the bits at hand.
    fn new(known: (u128, u32), values: impl Iterator<Item = u8>, width: u32) -> Self {
        let (bits, len) =
            values.fold(known, |(bits, len), value| (bits << width | u128::from(value), len + width));
        Self { bits: bits.checked_shl(u128::BITS - len).unwrap_or_default(), len, decoded: width * 16 }
    }

    /// Returns true if the bytes from a bit on are printable characters or blanks, or are the same with one or three
    /// NULs between them.
    fn is_text(&self, from: u32) -> bool {
        let rest = u128::BITS - self.decoded;
        if self.len < from + self.decoded {
            return false;
        }
        let bits = self.bits << from >> rest << rest;
        // Most other text has a byte that is no ASCII.
        if bits & (EACH << 7) != 0 {
            return false;
        }
        let count = self.decoded as usize / 8;
        let bytes = bits.to_be_bytes();
        let bytes = bytes.get(..count).unwrap_or_default();
        let is_text = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
        let (mut was_nul, mut nuls) = (false, 0);
        let fits = bytes.iter().all(|&b| {
            nuls += usize::from(b == 0);
            let fits = is_text(b) || (b == 0 && !was_nul);
            was_nul = b == 0;
            fits
        });
        if fits {
            return nuls == 0 || nuls + 1 >= count / 2;
        }
        // In UTF-32, each fourth byte is a character.
        let first = bytes.iter().take(4).position(|&b| b != 0);
        first.is_some_and(|first| {
            bytes.iter().enumerate().all(|(at, &b)| if at % 4 == first { is_text(b) } else { b == 0 })
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_run_is_read_as_what_decodes_to_text() {
        let text = "a text that is long enough to be seen, whatever is in front of it";
        let base64 = STANDARD.encode(text);
        let hex = text.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for from in 0..4 {
            let front = "x/y_".get(..from).unwrap();
            assert_eq!(form(format!("{front}{base64}").as_bytes()), Some(Form::Base64(from % 4)), "{from}");
        }
        assert_eq!(form(STANDARD.encode(utf16).as_bytes()), Some(Form::Base64(0)));
        for unit in [u32::to_le_bytes, u32::to_be_bytes] {
            let utf32: Vec<u8> = text.chars().flat_map(|c| unit(u32::from(c))).collect();
            assert_eq!(form(STANDARD.encode(&utf32).as_bytes()), Some(Form::Base64(0)));
            let hex = utf32.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
            assert_eq!(form(hex.as_bytes()), Some(Form::Hex(0)));
        }
        assert_eq!(form(hex.as_bytes()), Some(Form::Hex(0)));
        assert_eq!(form(format!("a{hex}").as_bytes()), Some(Form::Hex(1)));
        assert_eq!(form(format!("0x{hex}").as_bytes()), Some(Form::Hex(2)));
        for other in [
            "_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "usr/lib/python3/dist-packages/some_package/some_long_module_name/tests",
        ] {
            assert_eq!(form(other.as_bytes()), None, "{other}");
        }
    }
}
