//! Numbers and strings of tar headers, with the syntax of Go's `archive/tar`.

/// Returns the bytes in front of the first NUL.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// Returns a number of a header block: octal, or in base 256 (two's complement) if the first bit is set.
/// A blank field is zero. Returns `None` for anything else, and for numbers of more than 63 bits.
pub(super) fn numeric(field: &[u8]) -> Option<i64> {
    let Some((&first, rest)) = field.split_first().filter(|(first, _)| *first & 0x80 != 0) else {
        return octal(field);
    };
    let inverted = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut number = u64::from((first ^ inverted) & 0x7f);
    for byte in rest {
        if number >> 56 != 0 {
            return None;
        }
        number = number << 8 | u64::from(byte ^ inverted);
    }
    let number = i64::try_from(number).ok()?;
    Some(if inverted == 0 { number } else { !number })
}

/// Returns an octal number, with blanks and NULs around it. A blank field is zero.
pub(super) fn octal(field: &[u8]) -> Option<i64> {
    let is_blank = |b: &u8| matches!(b, 0 | b' ');
    let Some(start) = field.iter().position(|b| !is_blank(b)) else { return Some(0) };
    let end = field.iter().rposition(|b| !is_blank(b))?;
    let digits = until_nul(field.get(start..=end)?);
    if digits.iter().any(|b| !(b'0'..=b'7').contains(b)) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok().map(u64::cast_signed)
}

/// Returns a decimal number of a pax record, with an optional sign.
pub(super) fn decimal(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_header_blocks() {
        let base256 = |first: u8, rest: &[u8]| [&[first][..], rest].concat();
        for (field, number) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\x00644\0", Some(0o644)),
            (b"12\x0034\0\0\0", Some(0o12)),
            (b"\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"", Some(0)),
            (b"-1\0", None),
            (b"+1\0", None),
            (b"1 2\0", None),
            (b"129\0", None),
            (b"abc", None),
            (b"7777777777777777777777777", None),
            (&base256(0x80, &[0, 0, 0, 1, 0]), Some(256)),
            (&base256(0xff, &[0xff; 11]), Some(-1)),
            (&base256(0xff, &[0xff, 0xff, 0]), Some(-256)),
            (&base256(0x80, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(i64::MAX)),
            (&base256(0x80, &[0x80, 0, 0, 0, 0, 0, 0, 0]), None),
            (&base256(0x80, &[1, 0, 0, 0, 0, 0, 0, 0, 0]), None),
        ] {
            assert_eq!(numeric(field), number, "{field:?}");
        }
        for (value, number) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("+5", Some(5)),
            (" 5", None),
            ("5_0", None),
            ("", None),
            ("9223372036854775808", None),
        ] {
            assert_eq!(decimal(value.as_bytes()), number, "{value}");
        }
    }
}
