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

/// Returns a size as in `1.2 GB`, in powers of 1000.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let mut unit = "bytes";
    // Tenths of the unit.
    let mut tenths = u128::from(bytes) * 10;
    for larger in UNITS {
        if tenths < 10_000 {
            break;
        }
        (unit, tenths) = (larger, tenths.div_ceil(1000));
    }
    if unit == "bytes" || tenths >= 1000 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
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

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1500, "1.5 kB"),
            (99_900, "99.9 kB"),
            (123_456, "123 kB"),
            (1_234_567_890, "1.3 GB"),
            (18_000_000_000_000_000_000, "18000 PB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
