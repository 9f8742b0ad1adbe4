//! The ends of cells in a B-tree page whose payload continues in an overflow page.

/// Adds the end of the local part of each such cell, with the number of the overflow page stored after it.
/// For a page that is not a B-tree page, or that holds arbitrary numbers, the result is empty or harmless.
pub(super) fn cuts(page: &[u8], is_first: bool, found: &mut Vec<(usize, u32)>) {
    let start = if is_first { 100 } else { 0 };
    let Some(header) = page.get(start..start + 12) else { return };
    let (kind, cells) = match header {
        [kind, _, _, high, low, ..] => (*kind, usize::from(*high) << 8 | usize::from(*low)),
        _ => return,
    };
    // The length of the page header, and the number of bytes before the payload length in a cell.
    let (header_len, left_child, is_index) = match kind {
        0x02 => (12, 4, true),
        0x0a => (8, 0, true),
        0x0d => (8, 0, false),
        _ => return,
    };
    let array = page.get(start + header_len..).unwrap_or_default();
    for place in array.chunks_exact(2).take(cells) {
        let at = place.iter().fold(0, |at, &b| at << 8 | usize::from(b));
        found.extend(cut(page, at + left_child, is_index));
    }
}

/// Returns the end of the local part of the cell whose payload length is at `at`, and the overflow page.
fn cut(page: &[u8], at: usize, is_index: bool) -> Option<(usize, u32)> {
    let (payload, mut at) = varint(page, at)?;
    if !is_index {
        (_, at) = varint(page, at)?;
    }
    let end = at.checked_add(local(page.len() as u64, payload, is_index)?)?;
    Some((end, super::page_number(page, end)?))
}

/// Returns the number of payload bytes in the cell itself, unless the cell holds the whole payload.
fn local(usable: u64, payload: u64, is_index: bool) -> Option<usize> {
    let most = if is_index { (usable - 12) * 64 / 255 - 23 } else { usable - 35 };
    if payload <= most {
        return None;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let wanted = least + (payload - least) % (usable - 4);
    usize::try_from(if wanted <= most { wanted } else { least }).ok()
}

/// Reads a varint of up to nine bytes. Returns its value and the offset after it.
fn varint(page: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for (i, &b) in page.get(at..)?.iter().take(9).enumerate() {
        if i == 8 {
            return Some((number << 8 | u64::from(b), at + 9));
        }
        number = number << 7 | u64::from(b & 0x7f);
        if b < 0x80 {
            return Some((number, at + i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(varint(&[0x05], 0), Some((5, 1)));
        assert_eq!(varint(&[9, 0x81, 0x00], 1), Some((128, 3)));
        assert_eq!(varint(&[0xff; 9], 0), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0xff; 8], 0), None);
        assert_eq!(varint(&[], 3), None);
    }

    #[test]
    fn wild_numbers_do_no_harm() {
        for kind in 0..=255_u8 {
            for fill in [0_u8, 1, 0x7f, 0x80, 0xff] {
                let mut page = vec![fill; 512];
                page[0] = kind;
                let mut found = Vec::new();
                cuts(&page, false, &mut found);
                cuts(&page, true, &mut found);
                assert!(found.iter().all(|(end, _)| *end <= 512));
            }
        }
        cuts(&[0x0d], false, &mut Vec::new());
    }
}
