//! Sizes for people.

/// Formats a size with three digits, as in `1.23 GB`.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut rest) = (bytes, 0);
    for larger in ["kB", "MB", "GB", "TB", "PB"] {
        if whole < 1000 {
            break;
        }
        (rest, whole, unit) = (whole % 1000, whole / 1000, larger);
    }
    match (unit, whole) {
        ("B", _) | (_, 100..) => format!("{whole} {unit}"),
        _ => format!("{whole}.{} {unit}", rest / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (123_456_789, "123 MB"),
            (1_200_000_000, "1.2 GB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
