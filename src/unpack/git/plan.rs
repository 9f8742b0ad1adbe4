//! What has to be decoded so that pending deltas are resolved, and in what order.

use super::table::{From, Row, Table};

/// The pending deltas and all that they are made from, less what is held already.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What to decode. Each object stands behind what it is made from, and all that is made from one stands together, so
    /// that no more is held at a time than one chain.
    pub(super) steps: Vec<Row>,
    /// By row, of how many steps each object is the base.
    uses: Vec<u32>,
    /// How many pending deltas lead to an object that is not there.
    pub(super) baseless: usize,
    /// How many lead back to themselves.
    pub(super) circular: usize,
}

/// What is known of a row while the plan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    /// On the way that is being followed.
    Here,
    Planned,
    /// It is held, so that nothing has to be done.
    Held,
    Baseless,
    Circular,
    /// It leads to what cannot be read.
    Unreadable,
}

impl Plan {
    /// Follows every pending delta to an object that is held or stored whole. Each row is visited once, so that chains of any
    /// length and circles cost no more than the table is long.
    pub(super) fn new(
        table: &Table,
        pending: &[Row],
        is_held: impl Fn(Row) -> bool,
        is_readable: impl Fn(Row) -> bool,
    ) -> Self {
        let mut plan = Self { uses: vec![0; table.len()], ..Self::default() };
        let mut marks = vec![Mark::Unseen; table.len()];
        let mut way = Vec::new();
        // Bases with what is made from them; those that are made from nothing.
        let mut pairs = Vec::new();
        let mut roots = Vec::new();
        for &delta in pending {
            let mut row = delta;
            let end = loop {
                let Some(mark) = marks.get_mut(row as usize) else { break Mark::Baseless };
                match *mark {
                    Mark::Unseen => *mark = Mark::Here,
                    Mark::Here => break Mark::Circular,
                    Mark::Held => break Mark::Planned,
                    known => break known,
                }
                if is_held(row) {
                    *mark = Mark::Held;
                    roots.push(row);
                    break Mark::Planned;
                }
                way.push(row);
                match table.from(row) {
                    _ if !is_readable(row) => break Mark::Unreadable,
                    From::Itself => {
                        roots.push(row);
                        break Mark::Planned;
                    }
                    From::Row(base) => row = base,
                    From::Unknown => break Mark::Baseless,
                }
            };
            plan.baseless += usize::from(end == Mark::Baseless);
            plan.circular += usize::from(end == Mark::Circular);
            for row in way.drain(..) {
                if let Some(mark) = marks.get_mut(row as usize) {
                    *mark = end;
                }
                if let (Mark::Planned, From::Row(base)) = (end, table.from(row)) {
                    pairs.push((base, row));
                }
            }
        }
        plan.order(roots, pairs, |row| marks.get(row as usize) == Some(&Mark::Held));
        plan
    }

    /// Depth first, in the order of the pack.
    fn order(&mut self, mut roots: Vec<Row>, mut pairs: Vec<(Row, Row)>, is_held: impl Fn(Row) -> bool) {
        pairs.sort_unstable();
        roots.sort_unstable();
        let mut stack = Vec::new();
        for root in roots {
            stack.push(root);
            while let Some(row) = stack.pop() {
                if !is_held(row) {
                    self.steps.push(row);
                }
                let from = pairs.partition_point(|(base, _)| *base < row);
                let made = pairs.get(from..).unwrap_or_default().iter();
                let known = stack.len();
                stack.extend(made.take_while(|(base, _)| *base == row).map(|(_, made)| *made));
                if let Some(uses) = self.uses.get_mut(row as usize) {
                    *uses = u32::try_from(stack.len() - known).unwrap_or(u32::MAX);
                }
                if let Some(made) = stack.get_mut(known..) {
                    made.reverse();
                }
            }
        }
    }

    /// How many steps need an object as their base.
    pub(super) fn uses(&self, row: Row) -> u32 {
        self.uses.get(row as usize).copied().unwrap_or_default()
    }
}
