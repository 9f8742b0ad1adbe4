//! Escaping of foreign names, which an attacker may choose, for a terminal and for a single line of text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes all characters of `text` that act on a terminal or are invisible: controls (including ESC, DEL, C1
/// and line breaks), bidirectional overrides, zero-width and other format characters, and spaces other than
/// U+0020.
///
/// ASCII characters become `\n`, `\r`, `\t` or `\x1b`. Others become `\u{202e}`. Backslashes are not escaped,
/// so that Windows paths and shell commands stay readable. A name that contains the text `\x1b` therefore looks
/// like one that contains ESC. Neither does harm, and the JSON report distinguishes them.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '\n' => escaped.write_str("\\n"),
            '\r' => escaped.write_str("\\r"),
            '\t' => escaped.write_str("\\t"),
            c if !is_unsafe(c) => escaped.write_char(c),
            c if c.is_ascii() => write!(escaped, "\\x{:02x}", u32::from(c)),
            c => write!(escaped, "\\u{{{:x}}}", u32::from(c)),
        };
    }
    Cow::Owned(escaped)
}

/// Whether a character must not reach a terminal as it is.
fn is_unsafe(c: char) -> bool {
    c != ' ' && (c.is_control() || c.is_whitespace() || is_invisible(c))
}

/// Returns true for the format characters of Unicode's general category Cf, for the property
/// `Default_Ignorable_Code_Point` (Unicode 16.0, UnicodeData.txt and DerivedCoreProperties.txt), and for the
/// empty Braille cell, a blank that is in neither.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the first `most` characters of `text`, with `…` in place of the last one if text was cut off.
pub(super) fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_hides_is_spelt_out() {
        for (raw, shown) in [
            ("usr/lib/a b", "usr/lib/a b"),
            ("größe/日本/…", "größe/日本/…"),
            (r"C:\path\x1b", r"C:\path\x1b"),
            ("\x1b[2Jgone", r"\x1b[2Jgone"),
            ("a\nb\rc\td\0e\x07f\x08g\x7fh", r"a\nb\rc\td\x00e\x07f\x08g\x7fh"),
            ("\u{85}\u{9b}31m", r"\u{85}\u{9b}31m"),
            ("a\u{202e}txt.exe", r"a\u{202e}txt.exe"),
            ("\u{2066}x\u{2069}\u{61c}\u{200e}", r"\u{2066}x\u{2069}\u{61c}\u{200e}"),
            ("to\u{200b}k\u{200d}en\u{feff}", r"to\u{200b}k\u{200d}en\u{feff}"),
            ("a\u{2028}b\u{2029}c", r"a\u{2028}b\u{2029}c"),
            ("a\u{a0}b\u{3000}c\u{ad}d\u{2800}", r"a\u{a0}b\u{3000}c\u{ad}d\u{2800}"),
            ("\u{e0041}\u{fe0f}\u{180e}\u{3164}", r"\u{e0041}\u{fe0f}\u{180e}\u{3164}"),
        ] {
            assert_eq!(escape(raw), shown);
            assert_eq!(escape(shown), shown, "what was escaped is safe");
        }
    }

    #[test]
    fn no_control_character_gets_through() {
        let all: String = (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()).collect();
        assert_eq!(all.chars().count(), 65);
        assert!(!escape(&all).contains(char::is_control));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shorten("größe", 5), "größe");
        assert_eq!(shorten("größer", 5), "größ…");
        assert_eq!(shorten("", 5), "");
    }
}
