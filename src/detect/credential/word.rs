//! Small files with a single word, as the Hub client writes `token`.

use super::LENGTHS;
use crate::detect::{is_placeholder, wording::is_path};

/// Returns the offset of the word of a file that holds a single word.
pub(super) fn lone_word(content: &[u8]) -> Option<usize> {
    let word = content.trim_ascii();
    // Most files have a blank among their first bytes, so this check ends soon.
    let text = std::str::from_utf8(word);
    let printable = LENGTHS.contains(&word.len())
        && word.iter().all(|b| b.is_ascii_graphic() || !b.is_ascii())
        && text.is_ok_and(|text| !is_path(text));
    (printable && !is_placeholder(word)).then(|| content.len() - content.trim_ascii_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_kept() {
        for (content, at) in
            [("opaque-token-of-old", 0), ("\n  opaque-token-of-old\n", 3), ("pässword-etc", 0)]
        {
            assert_eq!(lone_word(content.as_bytes()), Some(at), "{content:?}");
        }
    }

    #[test]
    fn other_content_is_not() {
        for content in [
            "",
            "short",
            "two words-in-it",
            "{\"a\": 1}\n",
            "long-enough\nbut two lines",
            "bin\0ary-bytes",
            "changeme",
            "placeholder-value",
            "none-required",
            "1234567890abcdef",
            "/run/secrets/hf_token\n",
            "~/.hub-t0ken",
        ] {
            assert_eq!(lone_word(content.as_bytes()), None, "{content:?}");
        }
        assert_eq!(lone_word(&[b'x'; 600]), None);
        assert_eq!(lone_word(b"\xff\xfe-not-utf-8"), None);
    }
}
