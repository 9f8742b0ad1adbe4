//! The readings of a text: with its escapes resolved, and with what is hex or base64 in it decoded.

/// A byte of a reading, with the place in the text that it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub(super) byte: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Decoded text with fewer printable characters in a row is not text.
const SHORTEST: usize = 6;

/// Returns the readings of a text, other than the text itself.
pub(super) fn readings(units: &[Unit]) -> Vec<Vec<Unit>> {
    let mut readings = Vec::new();
    let signs = |unit: &Unit| matches!(unit.byte, b'\\' | b'%' | b'&');
    if units.iter().any(signs) {
        readings.push(unescaped(units));
    }
    for start in 0..2 {
        readings.extend(decoded(units, hex_digit, &[], start, 4, 2));
    }
    for start in 0..4 {
        readings.extend(decoded(units, base64_digit, b"\"'\\\n\r", start, 6, 4));
    }
    readings
}

/// Resolves escapes: `%41`, `\x41`, `\u0041`, `\101`, `&#65;`. Those of white space become a line break, which
/// separates nothing.
fn unescaped(units: &[Unit]) -> Vec<Unit> {
    let mut out = Vec::with_capacity(units.len());
    let mut rest = units;
    while let Some((first, behind)) = rest.split_first() {
        let read = match first.byte {
            b'%' => percent(behind),
            b'\\' => backslash(behind),
            b'&' => entity(behind),
            _ => None,
        };
        let (byte, len) = read.unwrap_or((first.byte, 0));
        let end = len.checked_sub(1).and_then(|last| behind.get(last)).map_or(first.end, |unit| unit.end);
        out.push(Unit { byte, start: first.start, end });
        rest = behind.get(len..).unwrap_or_default();
    }
    out
}

/// Reads up to `longest` digits. Returns the number, and how many digits it has.
fn number(units: &[Unit], radix: u32, longest: usize) -> Option<(u8, usize)> {
    let digits = units.iter().take(longest).map_while(|unit| char::from(unit.byte).to_digit(radix));
    let (mut value, mut len) = (0_u32, 0);
    for digit in digits {
        value = value.saturating_mul(radix).saturating_add(digit);
        len += 1;
    }
    (len > 0).then(|| (u8::try_from(value).unwrap_or(b' '), len))
}

fn percent(behind: &[Unit]) -> Option<(u8, usize)> {
    // `%2541`: a percent sign that is itself encoded, any number of times.
    let is_sign = |pair: &&[Unit]| matches!(pair, [two, five] if two.byte == b'2' && five.byte == b'5');
    let signs = 2 * behind.chunks_exact(2).take_while(is_sign).count();
    let (byte, len) = number(behind.get(signs..)?, 16, 2)?;
    (len == 2).then_some((byte, signs + len))
}

fn backslash(behind: &[Unit]) -> Option<(u8, usize)> {
    let (first, rest) = behind.split_first()?;
    let (byte, len) = match first.byte {
        b'x' => number(rest, 16, 2)?,
        b'u' | b'U' => {
            let open = usize::from(rest.first().is_some_and(|unit| unit.byte == b'{'));
            let longest = if open == 1 || first.byte == b'U' { 8 } else { 4 };
            let (byte, len) = number(rest.get(open..)?, 16, longest)?;
            (byte, open + len + open)
        }
        b'0'..=b'7' => {
            let (byte, len) = number(behind, 8, 4)?;
            return (len >= 3).then_some((byte, len));
        }
        b'n' | b'r' | b't' => (b'\n', 0),
        _ => return None,
    };
    Some((byte, 1 + len))
}

fn entity(behind: &[Unit]) -> Option<(u8, usize)> {
    let rest = behind.strip_prefix_byte(b'#')?;
    let hex = rest.first().is_some_and(|unit| matches!(unit.byte, b'x' | b'X'));
    let (radix, skipped) = if hex { (16, 1) } else { (10, 0) };
    let (byte, len) = number(rest.get(skipped..)?, radix, 8)?;
    let closed = usize::from(rest.get(skipped + len).is_some_and(|unit| unit.byte == b';'));
    Some((byte, 1 + skipped + len + closed))
}

trait StripPrefix {
    fn strip_prefix_byte(&self, byte: u8) -> Option<&[Unit]>;
}

impl StripPrefix for [Unit] {
    fn strip_prefix_byte(&self, byte: u8) -> Option<&[Unit]> {
        self.split_first().filter(|(first, _)| first.byte == byte).map(|(_, rest)| rest)
    }
}

fn hex_digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

fn base64_digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Decodes runs of digits of `bits` bits each, in groups of `group` from the digit `start` of a run. `glue` does
/// not end a run. What is not printable becomes a line break, and parts without text are left out.
fn decoded(
    units: &[Unit],
    digit: fn(u8) -> Option<u32>,
    glue: &[u8],
    start: usize,
    bits: u32,
    group: usize,
) -> Option<Vec<Unit>> {
    let mut out: Vec<Unit> = Vec::new();
    let mut part: Vec<Unit> = Vec::new();
    let mut digits: Vec<(u32, usize, usize)> = Vec::with_capacity(group);
    let mut left = start;
    let mut end_part = |part: &mut Vec<Unit>| {
        if part.len() >= SHORTEST {
            out.push(Unit {
                byte: b'\n',
                ..part.first().copied().unwrap_or(Unit { byte: 0, start: 0, end: 0 })
            });
            out.append(part);
        }
        part.clear();
    };
    for unit in units {
        let Some(value) = digit(unit.byte) else {
            if !glue.contains(&unit.byte) {
                flush(&mut digits, bits, &mut part);
                end_part(&mut part);
                left = start;
            }
            continue;
        };
        if left > 0 {
            left -= 1;
            continue;
        }
        digits.push((value, unit.start, unit.end));
        if digits.len() == group && !flush(&mut digits, bits, &mut part) {
            end_part(&mut part);
        }
    }
    flush(&mut digits, bits, &mut part);
    end_part(&mut part);
    (!out.is_empty()).then_some(out)
}

/// Appends the whole bytes of a group. Returns true if all of them are printable.
fn flush(digits: &mut Vec<(u32, usize, usize)>, bits: u32, part: &mut Vec<Unit>) -> bool {
    let value = digits.iter().fold(0, |value, (digit, ..)| value << bits | digit);
    let len = bits * u32::try_from(digits.len()).unwrap_or_default();
    let (Some((_, start, _)), Some((_, _, end))) = (digits.first(), digits.last()) else { return true };
    let (start, end) = (*start, *end);
    digits.clear();
    let mut printable = true;
    for nth in 1..=len / 8 {
        let byte = u8::try_from(value >> (len - 8 * nth) & 0xff).unwrap_or_default();
        // UTF-16 text has a NUL beside each character.
        if byte == 0 {
            continue;
        }
        printable &= !byte.is_ascii_control() || byte.is_ascii_whitespace();
        part.push(Unit { byte, start, end });
    }
    printable
}
