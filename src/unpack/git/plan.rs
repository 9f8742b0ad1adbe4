//! The order in which objects must be decoded to resolve pending deltas.

use super::table::{From, Row, Table};

/// The pending deltas and all objects they are made from, except those already held.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The objects to decode. Each comes after its base, and all objects made from one base are adjacent.
    /// Therefore at most one chain is held at a time.
    pub(super) steps: Vec<Row>,
    /// The number of steps that use each row as their base.
    uses: Vec<u32>,
    /// The number of pending deltas that lead to a missing object.
    pub(super) baseless: usize,
    /// The number of pending deltas that lead back to themselves.
    pub(super) circular: usize,
}

/// The state of a row while the plan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    /// Part of the chain that is being followed.
    Here,
    Planned,
    /// Already held, so nothing has to be done.
    Held,
    Baseless,
    Circular,
    /// Leads to an object that cannot be read.
    Unreadable,
}

impl Plan {
    /// Follows every pending delta to an object that is held or stored in full. Each row is visited once, so
    /// chains of any length and cycles cost no more than the length of the table.
    pub(super) fn new(
        table: &Table,
        pending: &[Row],
        is_held: impl Fn(Row) -> bool,
        is_readable: impl Fn(Row) -> bool,
    ) -> Self {
        let mut plan = Self { uses: vec![0; table.len()], ..Self::default() };
        let mut marks = vec![Mark::Unseen; table.len()];
        let mut way = Vec::new();
        // Pairs of a base and an object made from it, and the objects without a base.
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

    /// Orders the steps depth first, in pack order.
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

    /// Returns the number of steps that need an object as their base.
    pub(super) fn uses(&self, row: Row) -> u32 {
        self.uses.get(row as usize).copied().unwrap_or_default()
    }
}
