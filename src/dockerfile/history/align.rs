//! Aligns two sequences: the entries that instructions would leave, and the entries of a history.
//!
//! The first entries may come from a base image, and other tools may have added the last ones. Each entry
//! between them belongs to an instruction, in order. An instruction may lack an entry only if the builder
//! may omit it. The best alignments are those that leave the fewest entries unassigned at the end, and
//! among these the ones with the most pairs.

/// The input of an alignment.
pub(super) struct Rows<'a> {
    /// The number of entries.
    pub(super) entries: usize,
    /// For each instruction, whether it may lack an entry.
    pub(super) optional: &'a [bool],
    /// For each instruction, the entries that may belong to it, as one bit per entry.
    pub(super) fitting: &'a [BitRow],
    /// The entry at which the first instruction must begin. `None` if the entries of a base image may come
    /// first.
    pub(super) start: Option<usize>,
    /// Whether entries may remain after the last instruction.
    pub(super) may_trail: bool,
}

/// A row with one bit per entry.
pub(super) struct BitRow(Vec<u64>);

impl BitRow {
    /// Builds a row by calling `fits` for each entry.
    pub(super) fn of(entries: usize, mut fits: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0_u64; entries.div_ceil(64)];
        for (i, word) in words.iter_mut().enumerate() {
            for bit in (0..64).filter(|bit| i * 64 + bit < entries) {
                *word |= u64::from(fits(i * 64 + bit)) << bit;
            }
        }
        Self(words)
    }

    fn has(&self, entry: usize) -> bool {
        self.0.get(entry / 64).is_some_and(|word| word >> (entry % 64) & 1 == 1)
    }

    /// Returns true if no entry fits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// The result of all best alignments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Alignment {
    /// The first entry that belongs to an instruction.
    pub(super) start: usize,
    /// For each entry from `start` on, the instructions to which it may belong. There is only one if all
    /// best alignments agree.
    pub(super) owners: Vec<Vec<usize>>,
}

/// The maximum number of instructions that are remembered for one entry.
const MAX_OWNERS: usize = 8;

/// The value of a cell that no alignment reaches.
const NO_WAY: u32 = u32::MAX;

/// The number of pairs on the best path to each cell. The cells are indexed by the number of instructions
/// and entries passed.
struct Table {
    width: usize,
    cells: Vec<u32>,
}

impl Table {
    fn new(instructions: usize, entries: usize) -> Self {
        let width = entries + 1;
        Self { width, cells: vec![NO_WAY; width * (instructions + 1)] }
    }

    fn get(&self, instruction: usize, entry: usize) -> Option<u32> {
        let cell = self.cells.get(instruction * self.width + entry).copied();
        cell.filter(|&pairs| entry < self.width && pairs != NO_WAY)
    }

    fn set(&mut self, instruction: usize, entry: usize, pairs: Option<u32>) {
        if let (Some(cell), Some(pairs)) = (self.cells.get_mut(instruction * self.width + entry), pairs) {
            *cell = pairs;
        }
    }
}

/// Returns the best alignments. Returns `None` if a mandatory instruction has no entry, or if nothing is
/// aligned. Time and memory are proportional to instructions times entries.
pub(super) fn align(rows: &Rows<'_>) -> Option<Alignment> {
    let (instructions, entries) = (rows.fitting.len(), rows.entries);
    let is_optional = |instruction: usize| rows.optional.get(instruction).copied().unwrap_or(false);
    let fits = |i: usize, entry: usize| rows.fitting.get(i).is_some_and(|row| row.has(entry));

    let mut before = Table::new(instructions, entries);
    for entry in (0..=entries).filter(|&entry| rows.start.is_none_or(|start| start == entry)) {
        before.set(0, entry, Some(0));
    }
    for i in 0..instructions {
        for entry in 0..=entries {
            let skipped = before.get(i, entry).filter(|_| is_optional(i));
            let paired =
                entry.checked_sub(1).filter(|&last| fits(i, last)).and_then(|last| before.get(i, last));
            before.set(i + 1, entry, skipped.max(paired.map(|pairs| pairs + 1)));
        }
    }
    let ends = (0..=entries).rev().take(if rows.may_trail { entries + 1 } else { 1 });
    let (end, best) =
        ends.filter_map(|end| Some((end, before.get(instructions, end)?))).find(|&(_, pairs)| pairs > 0)?;

    let mut behind = Table::new(instructions, entries);
    behind.set(instructions, end, Some(0));
    for i in (0..instructions).rev() {
        for entry in (0..=end).rev() {
            let skipped = behind.get(i + 1, entry).filter(|_| is_optional(i));
            let paired =
                Some(entry).filter(|&e| e < end && fits(i, e)).and_then(|e| behind.get(i + 1, e + 1));
            behind.set(i, entry, skipped.max(paired.map(|pairs| pairs + 1)));
        }
    }
    // Pairs follow each other without a gap, so all best alignments begin at the same entry.
    let start = end.checked_sub(usize::try_from(best).ok()?)?;
    let owners = (start..end).map(|entry| {
        let is_best = |&i: &usize| {
            let around = before.get(i, entry).zip(behind.get(i + 1, entry + 1));
            fits(i, entry) && around.is_some_and(|(before, behind)| before + 1 + behind == best)
        };
        (0..instructions).filter(is_best).take(MAX_OWNERS).collect()
    });
    Some(Alignment { start, owners: owners.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Aligns letters. An instruction owns equal entries, and lower-case instructions are optional.
    fn letters(
        instructions: &str,
        history: &str,
        start: Option<usize>,
        may_trail: bool,
    ) -> Option<(usize, String)> {
        let history: Vec<char> = history.chars().collect();
        let fitting: Vec<_> = instructions
            .chars()
            .map(|i| BitRow::of(history.len(), |e| history[e].eq_ignore_ascii_case(&i)))
            .collect();
        let optional: Vec<_> = instructions.chars().map(char::is_lowercase).collect();
        let rows = Rows { entries: history.len(), optional: &optional, fitting: &fitting, start, may_trail };
        let Alignment { start, owners } = align(&rows)?;
        let shown = owners.iter().map(|owners| match owners.as_slice() {
            [one] => one.to_string(),
            _ => "?".to_owned(),
        });
        Some((start, shown.collect()))
    }

    #[test]
    fn alignments() {
        for (instructions, history, expected) in [
            ("ABC", "ABC", Some((0, "012"))),
            ("ABC", "xyABC", Some((2, "012"))),
            ("ABC", "xABCzz", Some((1, "012"))),
            ("ABC", "AABC", Some((1, "012"))),
            ("AAB", "AAB", Some((0, "012"))),
            ("AAB", "AB", None),
            ("ABC", "ACB", None),
            ("ABC", "AxBC", None),
            ("aBC", "BC", Some((0, "12"))),
            ("aBC", "ABC", Some((0, "012"))),
            ("aaB", "AB", Some((0, "?2"))),
            ("AaaB", "AAB", Some((0, "0?3"))),
            ("abab", "AB", Some((0, "??"))),
            ("ab", "xy", None),
            ("", "xy", None),
            ("A", "", None),
        ] {
            let expected = expected.map(|(start, owners)| (start, owners.to_owned()));
            assert_eq!(letters(instructions, history, None, true), expected, "{instructions} {history}");
        }
    }

    #[test]
    fn where_it_must_begin_and_end() {
        assert_eq!(letters("AB", "AB", Some(0), true), Some((0, "01".to_owned())));
        assert_eq!(letters("AB", "xAB", Some(0), true), None);
        assert_eq!(letters("AB", "xABz", None, false), None);
        assert_eq!(letters("ab", "xAB", Some(1), false), Some((1, "01".to_owned())));
        assert_eq!(letters("ab", "xBA", Some(1), false), None);
    }

    #[test]
    fn many_entries() {
        let history = "A".repeat(200);
        let (start, owners) = letters(&"A".repeat(150), &history, None, true).unwrap();
        assert_eq!((start, owners.contains('?')), (50, false));
    }
}
