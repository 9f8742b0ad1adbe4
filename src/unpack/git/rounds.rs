//! Further times over a pack, for deltas whose base was not at hand.
//!
//! A round decodes the pending deltas and what they are made from, and nothing else: the rest is passed over without
//! being inflated. A base is held from its turn until the last delta that needs it is made. Where room runs out, what
//! only later deltas need goes, and those wait for the next round. The first pending delta's chain always has room, if
//! any two neighbours in it have; so each round gets on, and a pack of whose families one at a time fits takes one
//! round. What is held stays held from round to round: a base that lies behind its delta is there when the delta
//! comes again.

use std::collections::HashSet;
use std::io;

use flate2::Decompress;

use super::bases::Base;
use super::content::{self, Claim, Outcome};
use super::delta::{Applied, Instructions};
use super::entry::{self, Entry, Form};
use super::first::key;
use super::inflate::{Fault, Inflate};
use super::pack::Pack;
use super::plan::{Order, Plan, Step};
use super::replay::{Counted, Replay};
use super::table::{From, Row};
use crate::stream::Peek;

/// Objects up to this size are held for a moment even if no delta needs them.
const HOLD: usize = 1 << 20;

impl Pack<'_, '_> {
    /// Goes over the pack once more; says whether that resolved anything.
    pub(super) fn round(&mut self, replay: &mut Replay<'_, '_>) -> io::Result<bool> {
        self.table.link();
        let order = replay.order();
        let plan = Plan::new(&self.table, &self.pending, &self.bases, order);
        if plan.steps.is_empty() {
            return Ok(false);
        }
        let table = &self.table;
        self.bases.plan(|offset| plan.need(table.row_at(offset)?));
        let pending: HashSet<Row> = self.pending.iter().copied().collect();
        let mut done = HashSet::new();
        let mut pass = replay.open()?;
        let mut state = Decompress::new(true);
        for step in &plan.steps {
            let base = match self.table.from(step.row) {
                From::Itself => None,
                From::Unknown => continue,
                From::Row(base) => {
                    let at = self.table.offset(base);
                    let Some(base) = self.bases.get(at) else { continue };
                    Some((at, base))
                }
            };
            let is_new = pending.contains(&step.row);
            let mut input = pass.seek(self.table.offset(step.row))?;
            let base_at = base.as_ref().map(|(at, _)| *at);
            let fault = self.make(step, &plan, base, is_new, &mut input, &mut state);
            if let Some(at) = base_at {
                self.bases.used(at);
            }
            if is_new && !matches!(fault, Some(Fault::Input(_) | Fault::Spent)) {
                done.insert(step.row);
                match fault {
                    None => drop(self.inserted.remove(&self.table.offset(step.row))),
                    Some(_) => self.table.forget(step.row),
                }
            }
            if !self.fault(fault.filter(|fault| is_new || matches!(fault, Fault::Input(_) | Fault::Spent)))? {
                self.pending.retain(|row| !done.contains(row));
                return Ok(false);
            }
        }
        self.pending.retain(|row| !done.contains(row));
        // A round of which nothing is left but bases that lie behind their deltas has got on as well.
        Ok(!done.is_empty() || (order == Order::Forward && self.held_anew(&plan)))
    }

    /// Whether a base is held that the next round would have had to make.
    fn held_anew(&self, plan: &Plan) -> bool {
        plan.steps.iter().any(|step| self.bases.holds(self.table.offset(step.row)))
    }

    /// Decodes one object.
    fn make(
        &mut self,
        step: &Step,
        plan: &Plan,
        base: Option<(u64, Base)>,
        is_new: bool,
        input: &mut Counted<'_>,
        state: &mut Decompress,
    ) -> Option<Fault> {
        let head = match input.peek(entry::LONGEST) {
            Ok(head) => head,
            Err(error) => return Some(Fault::Input(error)),
        };
        // A source that does not give the same bytes again.
        let Some(entry) = Entry::read(head, self.place.hash) else { return Some(Fault::Broken) };
        io::BufRead::consume(input, entry.len);
        let mut inflate = Inflate::new(input, state);
        let hash = self.place.hash;
        let (claim, mut outcome, need);
        if let (Form::Whole(kind), None) = (&entry.form, &base) {
            claim = Claim { kind: *kind, size: entry.size, hash };
            let hold;
            (need, hold) = self.room(step, plan, claim, None);
            outcome = content::read(&mut inflate, claim, hold, self.limits.left, None);
        } else {
            let (at, base) = base?;
            let instructions = match Instructions::begin(&mut inflate) {
                Ok(instructions) => instructions,
                Err(fault) => return Some(fault),
            };
            claim = Claim { kind: base.kind, size: instructions.result_size, hash };
            let hold;
            (need, hold) = self.room(step, plan, claim, Some(at));
            let mut applied = match Applied::new(instructions, &base.bytes) {
                Ok(applied) => applied,
                Err(fault) => return Some(fault),
            };
            let sink = is_new.then_some(&mut *self.sink);
            outcome = content::read(&mut applied, claim, hold, self.limits.left, sink);
        }
        if is_new {
            self.settle(claim.kind, Some(step.row), &mut outcome);
        }
        let Outcome { bytes, id, fault, .. } = outcome;
        if let (Some((priority, uses)), Some(bytes)) = (need, bytes) {
            let key = id.as_ref().map_or(0, key);
            self.bases.insert(self.table.offset(step.row), key, claim.kind, bytes, priority, uses);
        }
        fault
    }

    /// For what an object is needed as a base, and up to which size it is to be held.
    fn room(
        &mut self,
        step: &Step,
        plan: &Plan,
        claim: Claim,
        base: Option<u64>,
    ) -> (Option<(u64, u32)>, usize) {
        let Some((priority, uses)) = plan.need(step.row) else { return (None, HOLD) };
        let size = usize::try_from(claim.size).unwrap_or(usize::MAX);
        if self.bases.make_room(size, priority, base) { (Some((priority, uses)), size) } else { (None, HOLD) }
    }

    /// How many of the pending deltas nobody can resolve from this pack: of objects that are not in it, and of
    /// each other.
    pub(super) fn hopeless(&self) -> (usize, usize) {
        let plan = Plan::new(&self.table, &self.pending, &self.bases, Order::Forward);
        (plan.baseless.len(), plan.circular.len())
    }
}
