//! Packs: gitformat-pack(5). Every object is decoded while the pack is read. Deltas whose base is not
//! available at that time are resolved in further rounds.

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

/// The length of a pack header in bytes.
pub(super) const HEADER: usize = 12;

/// Returns the problem that is reported when nothing more may be decoded.
pub(super) fn spent() -> Problem {
    let detail = Message::own("git objects decode to more than the limit: the rest was not decoded");
    Problem::error(Code::Limit, Place::Here, detail)
}

fn objects(n: usize) -> String {
    if n == 1 { "1 object".to_owned() } else { format!("{n} objects") }
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// Returns true if a pack begins with these bytes: a pack header, an entry header, and a zlib stream.
pub(crate) fn begins_pack(head: &[u8]) -> bool {
    let Some(count) = header(head) else { return false };
    let entry = head.get(HEADER..).unwrap_or_default();
    let size = entry.iter().take_while(|&&b| b & 0x80 != 0).count() + 1;
    // The ID of the base comes before the delta.
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

/// Returns the number of objects that the pack header claims.
pub(super) fn header(head: &[u8]) -> Option<u32> {
    let &[b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, a, b, c, d, ..] = head else { return None };
    Some(u32::from_be_bytes([a, b, c, d]))
}

/// Reads the pack at the start of `body` and searches all of its objects. `reread` opens the same pack again.
/// It is used only if deltas cannot be resolved otherwise. Errors come from the reader.
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

/// The state of a pack while it is read.
pub(super) struct Pack<'a, 's> {
    pub(super) place: GitFile,
    pub(super) objects: &'a mut Objects,
    pub(super) limits: Limits<'a>,
    pub(super) sink: &'a mut Sink<'s>,
    pub(super) bases: Bases,
    pub(super) table: Table,
    /// Deltas that are not resolved yet, in pack order.
    pub(super) pending: Vec<Row>,
    /// The tokens found in the bytes that pending deltas insert, by the offset of the delta.
    pub(super) inserted: BTreeMap<u64, Vec<Occurrence>>,
    /// Whether more tokens were found in inserted bytes than are remembered.
    pub(super) is_more_inserted: bool,
    /// The number of unresolved deltas that are missing from `pending` because the row limit was reached.
    pub(super) forgotten: usize,
    /// The number of invalid deltas.
    pub(super) damaged: usize,
    /// Whether the maximum number of passes was reached.
    pub(super) is_unfinished: bool,
    pub(super) problems: Vec<Problem>,
}

impl Pack<'_, '_> {
    /// Lists the tokens in the inserted bytes of unresolved deltas, and reports the unresolved deltas.
    fn finish(mut self) -> Vec<Problem> {
        self.table.link();
        let (mut baseless, circular) = self.hopeless();
        let mut unresolved = (self.pending.len() + self.forgotten).saturating_sub(baseless + circular);
        if unresolved > 0 || self.is_unfinished || self.is_more_inserted {
            // A missing base may be an object that was not decoded.
            unresolved += std::mem::take(&mut baseless);
        }
        for (offset, found) in std::mem::take(&mut self.inserted) {
            self.objects.keep_delta(self.place, offset, found);
        }
        if unresolved > 0 && !self.problems.contains(&spent()) {
            let detail = message!(
                "{} of a git pack cannot be decoded: bases of deltas no longer fit in memory",
                objects(unresolved)
            );
            self.problems.push(Problem::error(Code::Limit, Place::Here, detail));
        }
        let damaged = self.damaged + circular;
        if baseless > 0 {
            let detail = message!(
                "{} of a git pack cannot be decoded: bases of deltas are not in it; what the deltas insert was searched",
                objects(baseless)
            );
            // Other tools may be able to read an intact pack, for example one in a bundle that depends on
            // another bundle. A base missing from a damaged pack is lost.
            if damaged == 0 && self.problems.is_empty() {
                self.problems.push(Problem::error(Code::Missing, Place::Here, detail));
            } else {
                self.note(Code::Missing, detail);
            }
        }
        if damaged > 0 {
            let detail = message!(
                "{} of a git pack {} damaged: what could be decoded was searched",
                objects(damaged),
                Message::own(are(damaged))
            );
            self.note(Code::Corrupt, detail);
        }
        self.problems
    }

    pub(super) fn note(&mut self, code: Code, detail: Message) {
        self.problems.push(Problem::note(code, Place::Here, detail));
    }

    /// Handles a fault that ended one object. Returns a reader's error, and records any other fault. Returns
    /// true if more may be decoded.
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
