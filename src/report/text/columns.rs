//! Text in columns of a terminal.

/// Returns the width of a text in columns.
pub(super) fn width_of(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// Appends blanks up to a width.
pub(super) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(width_of(text));
    format!("{text}{:blanks$}", "")
}

/// Returns the text in at most `width` columns. Longer text keeps both ends.
pub(super) fn cut_middle(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    // The end of a path says more than its beginning.
    let behind = room - room / 3;
    let head = take(text.chars(), room - behind);
    let tail: String = take(text.chars().rev(), behind).chars().rev().collect();
    format!("{head}…{tail}")
}

/// Returns the characters that fit into `width` columns.
fn take(text: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    text.take_while(|c| {
        used += textwrap::core::display_width(c.encode_utf8(&mut [0; 4]));
        used <= width
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_keeps_its_ends() {
        for (text, width, expected) in [
            ("short", 5, "short"),
            ("root/.cache/huggingface/token", 20, "root/.…ingface/token"),
            ("日本日本日本日本", 9, "日…本日本"),
            ("abc", 1, "…"),
            ("abc", 0, "…"),
        ] {
            let cut = cut_middle(text, width);
            assert!(width_of(&cut) <= width.max(1), "{cut}");
            assert_eq!(cut, expected);
        }
    }
}
