//! The lines of a dump: an offset, the bytes there, and perhaps the same bytes as text. `xxd`, `hexdump` and
//! `od` write such lines.

/// The longest line.
pub(super) const LONGEST: usize = 512;

/// A line of a dump.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The bytes of the line. There are none after the last offset.
    Bytes(Vec<u8>),
    /// The sign for lines that were left out.
    Repeated,
    /// Another line.
    Other,
}

/// Reads a line.
pub(super) fn line(line: &[u8]) -> Line {
    let line = line.trim_ascii_end();
    if line == b"*" {
        return Line::Repeated;
    }
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (Some(rest), 4..=16) = (line.get(digits..), digits) else { return Line::Other };
    if rest.len() > LONGEST {
        return Line::Other;
    }
    let bytes = match rest.strip_prefix(b":") {
        Some(columns) => columns.strip_prefix(b" ").and_then(groups_and_text),
        None if rest.is_empty() => Some(Vec::new()),
        None => fields(rest).or_else(|| groups(rest)),
    };
    bytes.map_or(Line::Other, Line::Bytes)
}

/// Reads the groups of `xxd`, after which a text follows.
fn groups_and_text(columns: &[u8]) -> Option<Vec<u8>> {
    let columns = columns.strip_prefix(b" ").unwrap_or(columns);
    let end = memchr::memmem::find(columns, b"  ").unwrap_or(columns.len());
    let groups = columns.get(..end)?.split(|&b| b == b' ');
    let mut bytes = Vec::new();
    for group in groups {
        bytes.extend(hex(group)?);
    }
    Some(bytes)
}

/// Reads the groups of `hexdump` and of `od`. Words of two bytes or more are numbers, with the lowest byte
/// first.
fn groups(columns: &[u8]) -> Option<Vec<u8>> {
    const MOST: usize = 32;
    if columns.first() != Some(&b' ') {
        return None;
    }
    let mut bytes = Vec::new();
    for group in columns.split(|&b| b == b' ').filter(|group| !group.is_empty()).take(MOST) {
        if matches!(group.first(), Some(b'|' | b'>')) {
            break;
        }
        match number(group) {
            Some(number) => bytes.extend(number),
            None if bytes.len() >= 16 => break,
            None => return None,
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn number(group: &[u8]) -> Option<Vec<u8>> {
    if group.len() == 6 {
        // A word of `od` without options is octal.
        let word = u16::from_str_radix(std::str::from_utf8(group).ok()?, 8).ok()?;
        return Some(word.to_le_bytes().to_vec());
    }
    let mut bytes = hex(group)?;
    bytes.reverse();
    Some(bytes)
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || digits.len() > 64 {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?)).collect()
}

/// Reads the fields of `od -c`, each of four columns: a character, an escape, or three octal digits.
fn fields(columns: &[u8]) -> Option<Vec<u8>> {
    let fields = columns.chunks(4);
    let bytes: Option<Vec<u8>> = fields
        .map(|field| match field {
            [b' ', b' ', b' ', b] => Some(*b),
            [b' ', b' ', b'\\', escape] => Some(match escape {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'0' => 0,
                b'a' => 7,
                b'b' => 8,
                b'v' => 11,
                b'f' => 12,
                _ => return None,
            }),
            [b' ', b' ', b'*', b'*'] => Some(b'?'),
            [b' ', digits @ ..] if digits.len() == 3 => {
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
            }
            // The blank after the last character is cut.
            [b' ', ..] if field.iter().all(|&b| b == b' ') => Some(b' '),
            _ => None,
        })
        .collect();
    bytes.filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_dumps() {
        for (text, bytes) in [
            ("00000000: 6866 5f61 0a                             hf_a.", "hf_a\n"),
            ("00000000: 68 66 5f 61  hf_a", "hf_a"),
            ("00000010: 48465F61 6263                            HF_abc", "HF_abc"),
            (
                "00000000  68 66 5f 61 62 63 64 65  66 67 68 69 6a 6b 6c 6d  |hf_abcdefghijklm|",
                "hf_abcdefghijklm",
            ),
            ("00000000  68 66 5f                                          |hf_|", "hf_"),
            ("0000000 68 66 5f 61", "hf_a"),
            ("000000 68 66 5f 61                                      >hf_a<", "hf_a"),
            ("0000000   h   f   _   a  \\n", "hf_a\n"),
            ("0000000 150 146 137", "hf_"),
            ("0000000 6668 615f", "hf_a"),
            ("0000000 063150 060537", "hf_a"),
            ("0000040", ""),
        ] {
            assert_eq!(line(text.as_bytes()), Line::Bytes(bytes.as_bytes().to_vec()), "{text}");
        }
        for other in
            ["", "0000", "00000000 some text", "000: 68", "00000000:68", "00000000", "deadbeef: call 68"]
        {
            assert!(!matches!(line(other.as_bytes()), Line::Bytes(bytes) if !bytes.is_empty()), "{other}");
        }
        assert_eq!(line(b"*\r"), Line::Repeated);
    }
}
