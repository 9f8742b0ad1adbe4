//! Packs: gitformat-pack(5). Every object is decoded as the pack goes by; deltas whose base is not at hand
//! then are resolved in further rounds.

use std::collections::BTreeMap;
use std::io;

use super::bases::Bases;
use super::inflate::Fault;
use super::kept::Recorder;
use super::table::{Row, Table};
use super::{GitFile, Limits, Objects, Reread, Sink};
use crate::detect::Occurrence;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::{Message, message};
use crate::stream::Peek;

/// Bytes of a pack's header.
pub(super) const HEADER: usize = 12;

/// What is said where nothing more may be decoded.
pub(super) fn spent() -> Problem {
    let detail = Message::own("git objects decode to more than the limit: the rest was not decoded");
    Problem::error(Code::Limit, Place::Here, detail)
}

fn objects(n: usize) -> String {
    if n == 1 { "1 object".to_owned() } else { format!("{n} objects") }
}

/// Whether a pack begins with these bytes: its header, and that of an object with a zlib stream behind it.
pub(crate) fn begins_pack(head: &[u8]) -> bool {
    let Some(count) = header(head) else { return false };
    let entry = head.get(HEADER..).unwrap_or_default();
    let size = entry.iter().take_while(|&&b| b & 0x80 != 0).count() + 1;
    // The id of the base stands in front of a delta.
    let bases: &[usize] = match entry.first().map(|b| b >> 4 & 7) {
        Some(1..=4) => &[0],
        Some(7) => &[20, 32],
        _ => return count == 0,
    };
    bases.iter().any(|base| match entry.get(size + base..).unwrap_or_default() {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    })
}

/// How many objects a pack says it has.
pub(super) fn header(head: &[u8]) -> Option<u32> {
    let &[b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, a, b, c, d, ..] = head else { return None };
    Some(u32::from_be_bytes([a, b, c, d]))
}

/// Reads the pack at the start of `body` and searches every object of it. `reread` opens the same pack again;
/// it is used only where deltas cannot be resolved otherwise. The error is that of a reader.
pub(crate) fn pack(
    body: &mut dyn Peek,
    reread: Option<&mut Reread<'_>>,
    place: GitFile,
    objects: &mut Objects,
    limits: Limits<'_>,
    sink: &mut Sink<'_>,
) -> io::Result<Vec<Problem>> {
    let mut pack = Pack {
        place,
        objects,
        limits,
        sink,
        bases: Bases::new(limits.bases),
        table: Table::new(limits.rows),
        pending: Vec::new(),
        inserted: BTreeMap::new(),
        is_more_inserted: false,
        forgotten: 0,
        damaged: 0,
        is_unfinished: false,
        problems: Vec::new(),
    };
    let mut recorder = Recorder::new(body, limits.kept);
    let outcome = pack.read_all(&mut recorder).and_then(|()| pack.resolve(recorder.kept, reread));
    let problems = pack.finish();
    outcome.map(|()| problems)
}

/// A pack while it is read.
pub(super) struct Pack<'a, 's> {
    pub(super) place: GitFile,
    pub(super) objects: &'a mut Objects,
    pub(super) limits: Limits<'a>,
    pub(super) sink: &'a mut Sink<'s>,
    pub(super) bases: Bases,
    pub(super) table: Table,
    /// Deltas that are not resolved yet, in the order of the pack.
    pub(super) pending: Vec<Row>,
    /// What was found in what they insert, by their offset.
    pub(super) inserted: BTreeMap<u64, Vec<Occurrence>>,
    /// Whether more was found there than is remembered.
    pub(super) is_more_inserted: bool,
    /// How many deltas could not be resolved and are not among the pending, for want of rows.
    pub(super) forgotten: usize,
    /// How many deltas make no sense.
    pub(super) damaged: usize,
    /// Whether it was gone over as often as may be.
    pub(super) is_unfinished: bool,
    pub(super) problems: Vec<Problem>,
}

impl Pack<'_, '_> {
    /// Lists what was found in what unresolved deltas insert, and says what was not resolved.
    fn finish(mut self) -> Vec<Problem> {
        self.table.link();
        let (mut baseless, circular) = self.hopeless();
        let mut unresolved = (self.pending.len() + self.forgotten).saturating_sub(baseless + circular);
        if unresolved > 0 || self.is_unfinished || self.is_more_inserted {
            // The base that is missing may be one that was not made.
            unresolved += std::mem::take(&mut baseless);
        }
        for (offset, found) in std::mem::take(&mut self.inserted) {
            self.objects.keep_delta(self.place, offset, found);
        }
        if unresolved > 0 && !self.problems.contains(&spent()) {
            let detail = message!(
                "{} of a git pack are deltas whose base no longer fits in memory",
                objects(unresolved)
            );
            self.problems.push(Problem::error(Code::Limit, Place::Here, detail));
        }
        let damaged = self.damaged + circular;
        if baseless > 0 {
            let detail = message!(
                "{} of a git pack are deltas of objects that are not in it: what they insert was searched",
                objects(baseless)
            );
            // Others read a whole pack, of a bundle that rests on another one, say; a base that is missing from
            // a damaged one is lost.
            if damaged == 0 && self.problems.is_empty() {
                self.problems.push(Problem::error(Code::Missing, Place::Here, detail));
            } else {
                self.note(Code::Missing, detail);
            }
        }
        if damaged > 0 {
            let detail = message!(
                "{} of a git pack are damaged: what could be decoded of them was searched",
                objects(damaged)
            );
            self.note(Code::Corrupt, detail);
        }
        self.problems
    }

    pub(super) fn note(&mut self, code: Code, detail: Message) {
        self.problems.push(Problem::note(code, Place::Here, detail));
    }

    /// Sorts out a fault that ended one object: gives back that of a reader, remembers any other, and says
    /// whether anything more may be decoded.
    pub(super) fn fault(&mut self, fault: Option<Fault>) -> io::Result<bool> {
        match fault {
            None => {}
            Some(Fault::Input(error)) => return Err(error),
            Some(Fault::Spent) => {
                if !self.problems.contains(&spent()) {
                    self.problems.push(spent());
                }
                return Ok(false);
            }
            Some(Fault::Cut | Fault::Broken) => self.damaged += 1,
        }
        Ok(true)
    }
}
