//! The characters of encoded text, and whether a run of them decodes to text.

use crate::detect::encoding::sextet;
use crate::search::{BLOCK, STRIDE, is_encoded};

/// The shortest run of encoded text, in characters: it covers a block wherever it begins. The shortest token
/// that is encoded twice takes 52.
pub(super) const SHORTEST: usize = STRIDE + BLOCK;

/// Returns true if a block is text of two-byte units. The number says which byte of a unit is the character.
pub(super) fn wide_phase(block: &[u8; BLOCK]) -> Option<usize> {
    let phase = match block {
        [first, 0, ..] if *first != 0 => 0,
        [0, second, ..] if *second != 0 => 1,
        _ => return None,
    };
    let fits = |(at, &b): (usize, &u8)| if at % 2 == phase { is_encoded(b) } else { b == 0 };
    block.iter().enumerate().all(fits).then_some(phase)
}

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
    let windows = || (0..run.len().saturating_sub(WINDOW - 1)).step_by(WINDOWS);
    if run.iter().all(u8::is_ascii_hexdigit) {
        let is_text = |from: usize| {
            windows()
                .any(|at| run.get(at + from..).is_some_and(|rest| is_text(hex_pairs(rest).take(WINDOW / 2))))
        };
        if let Some(from) = (0..2).find(|&from| is_text(from)) {
            return Some(Form::Hex(from));
        }
    }
    // A window that is text in one alignment is hardly ever text in another.
    windows().find_map(|at| {
        let from = (0..4).find(|from| {
            let rest = run.get(at + from..).unwrap_or_default();
            rest.len() >= WINDOW
                && rest.iter().step_by(4).take(WINDOW / 4).all(|&b| leads_ascii(b))
                && is_text(groups(rest).take(WINDOW / 4 * 3))
        })?;
        Some(Form::Base64((at + from) % 4))
    })
}

/// Returns true if a character of base64 stands for the first bits of a printable character, a blank or a NUL. Most
/// groups of other text have none.
fn leads_ascii(b: u8) -> bool {
    matches!(b, b'A' | b'C' | b'D' | b'I'..=b'Z' | b'a'..=b'f')
}

/// Returns true if a line of base64 begins a text of its own.
pub(super) fn begins_text(line: &[u8]) -> bool {
    line.len() >= WINDOW && is_text(groups(line).take(WINDOW / 4 * 3))
}

fn hex_pairs(digits: &[u8]) -> impl Iterator<Item = u8> {
    digits.chunks_exact(2).filter_map(|pair| {
        let [high, low] = pair else { return None };
        let value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
        u8::try_from(value).ok()
    })
}

fn groups(characters: &[u8]) -> impl Iterator<Item = u8> {
    characters.chunks_exact(4).flat_map(|group| {
        let bits = group.iter().fold(0, |bits, &b| bits << 6 | u32::from(sextet(b).unwrap_or_default()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        bytes
    })
}

/// Returns true if all bytes are printable characters or blanks, or are the same with NULs between them.
fn is_text(mut bytes: impl Iterator<Item = u8>) -> bool {
    let (mut was_nul, mut nuls, mut count) = (false, 0, 0);
    let fits = bytes.all(|b| {
        count += 1;
        nuls += usize::from(b == 0);
        let fits = matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e) || (b == 0 && !was_nul);
        was_nul = b == 0;
        fits
    });
    fits && count > 0 && (nuls == 0 || nuls + 1 >= count / 2)
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
        assert_eq!(form(hex.as_bytes()), Some(Form::Hex(0)));
        assert_eq!(form(format!("a{hex}").as_bytes()), Some(Form::Hex(1)));
        for other in [
            "_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "usr/lib/python3/dist-packages/some_package/some_long_module_name/tests",
        ] {
            assert_eq!(form(other.as_bytes()), None, "{other}");
        }
    }
}
