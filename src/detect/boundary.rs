//! What may stand beside a token: anything that is no part of a name, and the ends of escapes, whose
//! last character only looks like one.

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether a token may begin behind these bytes.
pub(super) fn may_begin_behind(before: &[u8]) -> bool {
    match before.last() {
        None => true,
        Some(&last) if !is_word(last) => true,
        Some(_) => ends_with_escape(before),
    }
}

/// Whether a token may end in front of these bytes.
pub(super) fn may_end_before(behind: &[u8]) -> bool {
    behind.first().is_none_or(|&first| !is_word(first))
}

/// `\n` and its like, `\x3d`, `\075`, `\u003d`, `\u{3d}`, `%3D`, and the end of a terminal's colour
/// sequence: in the text that this spells, the token stands behind something else.
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
        // A backslash that is itself escaped starts nothing.
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
    ends_with_colour(before)
}

/// `ESC [ 31 ; 1 m`, with the escape character as it is or spelled.
fn ends_with_colour(before: &[u8]) -> bool {
    let Some((b'm', head)) = before.split_last() else { return false };
    let digits = head.iter().rev().take_while(|&&b| b.is_ascii_digit() || b == b';').count();
    let head = head.get(..head.len() - digits).unwrap_or_default();
    [&b"\x1b["[..], b"\\x1b[", b"\\033[", b"\\e[", b"\\u001b["].iter().any(|escape| head.ends_with(escape))
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
            "é",
        ] {
            assert!(may_begin_behind(before.as_bytes()), "{before:?}");
        }
    }

    #[test]
    fn a_token_may_not_begin_behind() {
        for before in ["a", "_", "7", "call_", "n", "m", "[31m", "x3d", "3D", "u003d"] {
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
