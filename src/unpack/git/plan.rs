//! What one round decodes, and in what order.

use super::bases::Bases;
use super::table::{From, Row, Table};

/// What one round decodes: the deltas that are not resolved yet, and all they are made from that is not held.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What to decode, each after what it is made from where `order` says so.
    pub(super) steps: Vec<Step>,
    /// By row, what each object is needed for as a base.
    needs: Vec<Need>,
    /// Deltas that lead to an object that is not there.
    pub(super) baseless: Vec<Row>,
    /// Deltas that lead back to themselves.
    pub(super) circular: Vec<Row>,
}

/// One object to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) row: Row,
    /// The first of the pending deltas that needs it, counted from 0.
    pub(super) rank: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Need {
    rank: u32,
    uses: u32,
}

/// In which order a pack can be gone over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// From front to back.
    Forward,
    /// Any.
    Random,
}

/// What is known of a row while the plan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    /// On the way that is being followed.
    Here,
    Planned,
    Baseless,
    Circular,
}

impl Plan {
    /// Follows every pending delta, in the order of the pack, to an object that is held or stored whole. Each row is
    /// visited once, so that chains of any length and cycles cost no more than the table is long.
    pub(super) fn new(table: &Table, pending: &[Row], bases: &Bases, order: Order) -> Self {
        let mut plan = Self { needs: vec![Need::default(); table.len()], ..Self::default() };
        let mut marks = vec![Mark::Unseen; table.len()];
        let mut way = Vec::new();
        for (rank, &delta) in (0..).zip(pending) {
            let mut row = delta;
            let end = loop {
                let Some(mark) = marks.get_mut(row as usize) else { break Mark::Baseless };
                match *mark {
                    Mark::Unseen => *mark = Mark::Here,
                    Mark::Here => break Mark::Circular,
                    known => break known,
                }
                way.push(row);
                if bases.holds(table.offset(row)) {
                    break Mark::Planned;
                }
                match table.from(row) {
                    From::Itself => break Mark::Planned,
                    From::Row(base) => row = base,
                    From::Unknown => break Mark::Baseless,
                }
            };
            match end {
                Mark::Baseless => plan.baseless.push(delta),
                Mark::Circular => plan.circular.push(delta),
                _ => {}
            }
            // What it is made from comes first.
            for row in way.drain(..).rev() {
                if let Some(mark) = marks.get_mut(row as usize) {
                    *mark = end;
                }
                if end == Mark::Planned {
                    plan.add(table, bases, Step { row, rank });
                }
            }
        }
        if order == Order::Forward {
            plan.steps.sort_unstable_by_key(|step| step.row);
        }
        plan
    }

    fn add(&mut self, table: &Table, bases: &Bases, step: Step) {
        if bases.holds(table.offset(step.row)) {
            return;
        }
        self.steps.push(step);
        if let From::Row(base) = table.from(step.row)
            && let Some(need) = self.needs.get_mut(base as usize)
        {
            if need.uses == 0 {
                need.rank = step.rank;
            }
            need.uses += 1;
        }
    }

    /// As a base, an object's priority and how many deltas need it; none if none does. What the first pending delta needs
    /// stays longest, so that every round resolves that one at least.
    pub(super) fn need(&self, row: Row) -> Option<(u64, u32)> {
        let need = self.needs.get(row as usize).filter(|need| need.uses > 0)?;
        Some((u64::MAX - u64::from(need.rank), need.uses))
    }
}
