//! The line diff of two texts, with every token masked.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::masked_lines;
use crate::finding::{Hunk, Line, Side};
use crate::mask::Masked;

/// The number of unchanged lines that are shown around the changed ones.
const CONTEXT: usize = 3;

/// A comparison of two texts.
pub(super) struct Diff {
    pub(super) hunks: Vec<Hunk>,
    operations: Vec<DiffOp>,
}

impl Diff {
    pub(super) fn of(before: &[u8], after: &[u8]) -> Self {
        let split = |text| -> Vec<&[u8]> { <[u8]>::split_inclusive(text, |&b| b == b'\n').collect() };
        let (old, new) = (split(before), split(after));
        let operations = capture_diff_slices(Algorithm::Patience, &old, &new);
        if old == new {
            return Self { hunks: Vec::new(), operations };
        }
        let (shown_old, shown_new) = (masked_lines(before), masked_lines(after));
        let line = |side, index: usize| {
            let (raw, shown) = match side {
                Side::After => (new.get(index), shown_new.get(index)),
                Side::Both | Side::Before => (old.get(index), shown_old.get(index)),
            };
            let (bare, ending) = without_ending(raw.copied().unwrap_or_default());
            let text = shown.cloned().unwrap_or_else(|| Masked::own("…"));
            Line { side, is_whole: text.as_str().as_bytes() == bare, text, ending }
        };
        let hunk = |operations: Vec<DiffOp>| {
            let (first, last) = (operations.first()?, operations.last()?);
            let range = |start: usize, end: usize| {
                // An empty range is named by the line before it.
                (if start == end { start } else { start + 1 }, end - start)
            };
            let mut lines = Vec::new();
            for operation in &operations {
                let (tag, old, new) = operation.as_tag_tuple();
                if tag == DiffTag::Equal {
                    lines.extend(old.map(|index| line(Side::Both, index)));
                    continue;
                }
                lines.extend(old.map(|index| line(Side::Before, index)));
                lines.extend(new.map(|index| line(Side::After, index)));
            }
            Some(Hunk {
                before: range(first.old_range().start, last.old_range().end),
                after: range(first.new_range().start, last.new_range().end),
                lines,
            })
        };
        let hunks = group_diff_ops(operations.clone(), CONTEXT).into_iter().filter_map(hunk).collect();
        Self { hunks, operations }
    }

    /// Returns the line of the old text that corresponds to a line of the new text. Both are counted from
    /// 1.
    pub(super) fn line_before(&self, after: u64) -> u64 {
        let index = usize::try_from(after).unwrap_or(usize::MAX).saturating_sub(1);
        let holder = self.operations.iter().find(|operation| operation.new_range().contains(&index));
        let Some(operation) = holder else { return after };
        let (old, new) = (operation.old_range(), operation.new_range());
        let line = (old.start + (index - new.start)).min(old.end.saturating_sub(1).max(old.start));
        line as u64 + 1
    }
}

fn without_ending(line: &[u8]) -> (&[u8], &'static str) {
    match line {
        [bare @ .., b'\r', b'\n'] => (bare, "\r\n"),
        [bare @ .., b'\n'] => (bare, "\n"),
        bare => (bare, ""),
    }
}
