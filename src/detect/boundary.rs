//! The boundaries of a token. A token may be next to any byte that cannot be part of a name. It may also
//! follow the end of an escape, whose last character only looks like part of a name.

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Returns true if a token may begin after these bytes.
pub(super) fn may_begin_behind(before: &[u8]) -> bool {
    match before.last() {
        None => true,
        Some(&last) if !is_word(last) => true,
        Some(_) => ends_with_escape(before),
    }
}

/// Returns true if a token may end before these bytes.
pub(super) fn may_end_before(behind: &[u8]) -> bool {
    behind.first().is_none_or(|&first| !is_word(first))
}

/// Returns true if the bytes end with the letter of an option, to which its value may be joined: `-bVALUE`.
pub(super) fn is_option(before: &[u8]) -> bool {
    matches!(before, [.., b' ' | b'\t', b'-', letter] if letter.is_ascii_lowercase())
}

/// Returns true if a token is a part of a name such as `backup_TOKEN_2024`, as far as one side of it shows. `away` are
/// the bytes on that side, from the token on. Underscores or digits join the token to a word or a number, which
/// unlike encoded data has letters of one case.
pub(super) fn is_joined(away: impl Iterator<Item = u8>) -> bool {
    /// The longest word.
    const MAX_WORD: usize = 32;
    let mut away = away.peekable();
    let mut has_sign = away.peek().is_some_and(u8::is_ascii_digit);
    while away.next_if_eq(&b'_').is_some() {
        has_sign = true;
    }
    let mut word: Vec<u8> = away.take(MAX_WORD + 1).take_while(u8::is_ascii_alphanumeric).collect();
    let is_short = word.len() <= MAX_WORD;
    word.retain(u8::is_ascii_alphabetic);
    let lower = word.iter().filter(|b| b.is_ascii_lowercase()).count();
    let is_capitalised = word.len() > 3 && lower + 1 == word.len();
    has_sign && is_short && (lower == 0 || lower == word.len() || is_capitalised)
}

/// Returns true if the bytes end with an escape such as `\n`, `\x3d`, `\075`, `\u003d`, `\u{3d}` or `%3D`,
/// or with a terminal's colour sequence. In the text that the escape spells, the token follows some other
/// character.
fn ends_with_escape(before: &[u8]) -> bool {
    let hex_behind = |digits: usize, marker: &[u8]| {
        before.len() >= digits + marker.len()
            && before.iter().rev().take(digits).all(u8::is_ascii_hexdigit)
            && before.get(..before.len() - digits).is_some_and(|head| head.ends_with(marker))
    };
    if hex_behind(2, b"%") {
        return true;
    }
    let escaped = |len: usize| {
        // A backslash that is itself escaped starts no escape.
        let head = before.get(..before.len().saturating_sub(len)).unwrap_or_default();
        head.iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 0
    };
    if let [.., b'\\', b'n' | b'r' | b't' | b'f' | b'v' | b'b' | b'a' | b'e' | b'0'] = before {
        return escaped(2) || before.ends_with(br"\\n");
    }
    if hex_behind(2, br"\x") || hex_behind(4, br"\u") || hex_behind(8, br"\U") {
        return true;
    }
    let octal = before.iter().rev().take_while(|b| (b'0'..=b'7').contains(b)).count();
    if octal >= 1
        && (1..=octal.min(3)).any(|n| before.len() > n && before.get(before.len() - n - 1) == Some(&b'\\'))
    {
        return true;
    }
    ends_with_quoted(before) || ends_with_control(before)
}

/// Returns true if the bytes end with a quoted-printable escape such as `=3D`, unless it spells a character
/// of a name.
fn ends_with_quoted(before: &[u8]) -> bool {
    let [.., b'=', high, low] = before else { return false };
    let digit = |b: &u8| char::from(*b).to_digit(16).filter(|_| !b.is_ascii_lowercase());
    let value = digit(high).zip(digit(low)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
    value.is_some_and(|b| !is_word(b))
}

/// Returns true if the bytes end with a terminal's control sequence (ECMA-48, section 5.4; ECMA-35, section
/// 13.2), such as `ESC [ 3 1 ; 1 m` or `ESC ( B`. The escape character may be plain or spelled.
fn ends_with_control(before: &[u8]) -> bool {
    const ESCAPES: [&[u8]; 8] =
        [b"\x1b", b"\\x1b", b"\\x1B", b"\\033", b"\\e", b"\\u001b", b"\\u001B", b"^["];
    let without = |text: &[u8], class: std::ops::RangeInclusive<u8>| {
        text.len() - text.iter().rev().take_while(|b| class.contains(b)).count()
    };
    let ends = |head: &[u8]| ESCAPES.iter().any(|escape| head.ends_with(escape));
    let Some((0x30..=0x7e, head)) = before.split_last() else { return false };
    // Intermediate bytes, preceded by parameters.
    let short = head.get(..without(head, 0x20..=0x2f)).unwrap_or_default();
    let long = short.get(..without(short, 0x30..=0x3f)).unwrap_or_default();
    long.strip_suffix(b"[").is_some_and(ends) || (short.len() < head.len() && ends(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_begin_behind() {
        for before in [
            "",
            " ",
            "=",
            "\"",
            "'",
            ":",
            "/",
            "@",
            "(",
            "-",
            "\\n",
            "\\\\n",
            "text\\r",
            "\\t",
            "\\x3d",
            "\\u003d",
            "\\075",
            "%3D",
            "%5f",
            "\u{1b}[31m",
            "\u{1b}[0m",
            "\\x1b[1;32m",
            "\u{1b}[K",
            "\u{1b}[m\u{1b}[K",
            "\u{1b}[2K",
            "\u{1b}[1G",
            "\u{1b}[H",
            "\u{1b}[?25h",
            "\u{1b}[1 q",
            "\u{1b}(B",
            "\\033[2K",
            "^[[0m",
            "HF_TOKEN=3D",
            "é",
        ] {
            assert!(may_begin_behind(before.as_bytes()), "{before:?}");
        }
    }

    #[test]
    fn a_token_may_not_begin_behind() {
        for before in [
            "a", "_", "7", "call_", "n", "m", "[31m", "x3d", "3D", "u003d", "[K", "[2K", "(B", "?25h", "=3d",
            "=5F", "=AB_",
        ] {
            assert!(!may_begin_behind(before.as_bytes()), "{before:?}");
        }
    }

    #[test]
    fn a_token_may_end_before() {
        for behind in
            ["", " ", "\"", "\\n", "@", ",", ")", "<", "/", "&", ":", "|", "}", "-", ".", "\0", "%0A"]
        {
            assert!(may_end_before(behind.as_bytes()), "{behind:?}");
        }
        for behind in ["a", "_", "0", "_old"] {
            assert!(!may_end_before(behind.as_bytes()), "{behind:?}");
        }
    }
}
