//! Deltas whose base was not available during the first pass.
//!
//! Git writes a pack in order of history, the newest version of every file first. Most deltas make an older
//! version from a newer one, and in a large pack, hundreds of megabytes are between the two. Therefore
//! entries are kept in stored form, several times smaller than decoded, with short entries preferred over
//! long ones. The kept entries are decoded one family at a time, and only one chain at a time is held
//! decoded.
//!
//! Deltas that cannot be resolved this way are collected by reading the pack again, in each round as many
//! whole families as fit. The number of rounds is therefore the total size of the needed entries divided by
//! the limit on kept bytes.

use std::collections::HashSet;
use std::io::{self, BufRead as _};

use flate2::Decompress;

use super::Reread;
use super::bases::{Base, New};
use super::content::{self, Claim, Outcome};
use super::delta::{Applied, Instructions};
use super::entry::{Entry, Form};
use super::inflate::{Fault, Inflate};
use super::kept::Kept;
use super::key::key;
use super::pack::Pack;
use super::plan::Plan;
use super::table::{From, Row};
use crate::finding::{Place, Problem};

/// The maximum number of times a pack is read again.
const ROUNDS: usize = 16;
/// The maximum number of passes over the kept entries. Several passes are needed if chains are too large to
/// hold, or if bases are known by ID only.
const TURNS: usize = 64;
/// Objects up to this size are decoded in one piece even if no delta needs them.
const HOLD: usize = 1 << 20;

/// An object to decode from what was kept.
struct Wanted {
    row: Row,
    /// The number of deltas that need the object.
    uses: u32,
    /// The base of the object, if it is a delta, with the base's offset.
    base: Option<(u64, Base)>,
    /// Whether the object was not decoded before.
    is_new: bool,
}

impl Pack<'_, '_> {
    /// Resolves pending deltas from the kept entries, then the remaining ones by reading the pack again.
    pub(super) fn resolve(&mut self, kept: Kept, reread: Option<&mut Reread<'_>>) -> io::Result<()> {
        self.resolve_from(&kept)?;
        drop(kept);
        let Some(reread) = reread else { return Ok(()) };
        for _ in 0..ROUNDS {
            let before = self.pending.len();
            if before == 0 || self.limits.left.left() == 0 {
                return Ok(());
            }
            let kept = match self.collect(reread) {
                Ok(kept) => kept,
                // Nobody else reads the pack again, so that nobody else knows of the error.
                Err(error) => {
                    self.problems.push(Problem::of(&error, Place::Here));
                    self.is_unfinished = true;
                    return Ok(());
                }
            };
            self.resolve_from(&kept)?;
            if self.pending.len() == before {
                return Ok(());
            }
        }
        self.is_unfinished = !self.pending.is_empty();
        Ok(())
    }

    /// Reads the pack again and keeps the entries that the first families need.
    fn collect(&mut self, reread: &mut Reread<'_>) -> io::Result<Kept> {
        self.table.link();
        let plan = Plan::new(&self.table, &self.pending, |row| self.is_held(row), |_| true);
        let mut room = self.limits.kept;
        let mut wanted = HashSet::new();
        for &row in &plan.steps {
            let has_base = match self.table.from(row) {
                From::Itself => true,
                From::Row(base) => wanted.contains(&base) || self.is_held(base),
                From::Unknown => false,
            };
            let cost = self.table.len_of(row).saturating_add(Kept::PLACE);
            if has_base && cost <= room {
                room -= cost;
                wanted.insert(row);
            }
        }
        let mut kept = Kept::new(self.limits.kept);
        let mut rows: Vec<Row> = wanted.into_iter().collect();
        rows.sort_unstable();
        if rows.is_empty() {
            return Ok(kept);
        }
        let mut input = reread()?;
        let mut at = 0;
        for row in rows {
            let offset = self.table.offset(row);
            while at < offset {
                let held = input.fill_buf()?.len();
                if held == 0 {
                    return Ok(kept);
                }
                let step = usize::try_from(offset - at).map_or(held, |left| left.min(held));
                input.consume(step);
                at += step as u64;
            }
            kept.begin(offset);
            let mut left = self.table.len_of(row);
            while left > 0 {
                let view = input.fill_buf()?;
                let view = view.get(..left).unwrap_or(view);
                let n = view.len();
                if n == 0 {
                    return Ok(kept);
                }
                kept.push(view);
                input.consume(n);
                left -= n;
                at += n as u64;
            }
        }
        Ok(kept)
    }

    fn is_held(&self, row: Row) -> bool {
        self.bases.holds(self.table.offset(row))
    }

    fn resolve_from(&mut self, kept: &Kept) -> io::Result<()> {
        for turn in 0.. {
            let before = self.pending.len();
            let goes_on = self.turn(kept)?;
            if !goes_on || self.pending.is_empty() || self.pending.len() == before {
                return Ok(());
            }
            if turn == TURNS {
                self.is_unfinished = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Makes one pass over the kept entries. Returns true if more may be decoded.
    fn turn(&mut self, kept: &Kept) -> io::Result<bool> {
        self.table.link();
        let table = &self.table;
        let is_kept = |row| kept.has(table.offset(row));
        let plan = Plan::new(table, &self.pending, |row| self.is_held(row), is_kept);
        self.bases.plan(|offset| Some(plan.uses(table.row_at(offset)?)).filter(|uses| *uses > 0));
        let mut pending: HashSet<Row> = self.pending.iter().copied().collect();
        let mut state = Decompress::new(true);
        let mut goes_on = true;
        for &row in &plan.steps {
            let base = match self.table.from(row) {
                From::Itself => None,
                From::Unknown => continue,
                From::Row(base) => {
                    let at = self.table.offset(base);
                    let Some(base) = self.bases.get(at) else { continue };
                    Some((at, base))
                }
            };
            let is_new = pending.contains(&row);
            let entry = kept.get(self.table.offset(row)).unwrap_or_default();
            let fault = self.make(&Wanted { row, uses: plan.uses(row), base, is_new }, entry, &mut state);
            let is_final = matches!(fault, Some(Fault::Spent | Fault::Input(_)));
            if is_new && !is_final {
                pending.remove(&row);
                match fault {
                    None => drop(self.inserted.remove(&self.table.offset(row))),
                    Some(_) => self.table.forget(row),
                }
            }
            goes_on = self.fault(fault.filter(|_| is_new || is_final))?;
            if !goes_on {
                break;
            }
        }
        self.pending.retain(|row| pending.contains(row));
        Ok(goes_on)
    }

    /// Decodes one object, and searches it if that has not been done yet.
    fn make(
        &mut self,
        &Wanted { row, uses, ref base, is_new }: &Wanted,
        mut bytes: &[u8],
        state: &mut Decompress,
    ) -> Option<Fault> {
        // A source may return different bytes the second time.
        let Some(entry) = Entry::read(bytes, self.place.hash) else { return Some(Fault::Broken) };
        bytes = bytes.get(entry.len..).unwrap_or_default();
        let mut inflate = Inflate::new(&mut bytes, state);
        let hash = self.place.hash;
        let priority = self.bases.latest();
        let hold = |claim: Claim, base: Option<u64>, pack: &mut Self| {
            let size = usize::try_from(claim.size).unwrap_or(usize::MAX);
            if uses > 0 && pack.bases.make_room(size, priority, base) { size } else { HOLD }
        };
        let (claim, mut outcome);
        match (&entry.form, base) {
            (Form::Whole(kind), None) => {
                claim = Claim { kind: *kind, size: entry.size, hash };
                let hold = hold(claim, None, self);
                let sink = is_new.then_some(&mut *self.sink);
                outcome = content::read(&mut inflate, claim, hold, self.limits.left, sink);
            }
            (_, Some((at, base))) => {
                let instructions = match Instructions::begin(&mut inflate) {
                    Ok(instructions) => instructions,
                    Err(fault) => return Some(fault),
                };
                claim = Claim { kind: base.kind, size: instructions.result_size, hash };
                let mut applied = match Applied::new(instructions, &base.bytes) {
                    Ok(applied) => applied,
                    Err(fault) => return Some(fault),
                };
                let hold = hold(claim, Some(*at), self);
                let sink = is_new.then_some(&mut *self.sink);
                outcome = content::read(&mut applied, claim, hold, self.limits.left, sink);
            }
            (_, None) => return Some(Fault::Broken),
        }
        if is_new {
            self.settle(claim.kind, Some(row), &mut outcome);
        }
        if let Some((at, _)) = base {
            self.bases.used(*at, priority);
        }
        let Outcome { bytes, id, fault, .. } = outcome;
        if let Some(bytes) = bytes.filter(|_| uses > 0) {
            let key = id.as_ref().map_or(0, key);
            let new = New { key, kind: claim.kind, bytes, priority, uses };
            self.bases.insert(self.table.offset(row), new);
        }
        fault
    }

    /// Counts the pending deltas that can never be resolved from this pack: those of missing objects, and
    /// those that form cycles.
    pub(super) fn hopeless(&self) -> (usize, usize) {
        let plan = Plan::new(&self.table, &self.pending, |_| false, |_| true);
        (plan.baseless, plan.circular)
    }
}
