//! The first pass over a pack, front to back, while it is read.

use std::io;

use flate2::Decompress;
use gix_object::Kind;

use super::bases::{Base, New};
use super::content::{self, Claim, Outcome};
use super::delta::{Applied, Inserted, Instructions};
use super::entry::{self, Entry, Form};
use super::inflate::{Decode, Fault, Inflate};
use super::kept::Recorder;
use super::key::key;
use super::pack::{HEADER, Pack, header};
use super::table::Row;
use crate::detect::Scanner;
use crate::fault::Code;
use crate::mask::message;
use crate::stream::Peek;

/// The memory cost of a row in bytes, both now and while deltas are resolved.
const ROW: usize = 48;
/// The number of rows that are not charged. It matches the largest ordinary pack that can be kept in full.
const FREE_ROWS: Row = 1 << 17;
/// The maximum number of tokens listed for the bytes that one delta inserts.
const MAX_INSERTED: usize = 100;
/// The maximum number of unresolved deltas for which tokens in the inserted bytes are remembered.
const MAX_REMEMBERED: usize = 4096;

/// The state of the pack after an object.
enum Next {
    /// The next entry follows.
    There,
    /// The end of this entry is unknown, so the next one cannot be found.
    Lost,
    /// Nothing more may be decoded, so the next entry does not matter.
    Unwanted,
}

impl Pack<'_, '_> {
    /// Decodes and searches every object. A delta whose base is not held stays pending.
    pub(super) fn read_all(&mut self, input: &mut Recorder<'_>) -> io::Result<()> {
        let Some(count) = header(input.peek(HEADER)?) else { return Ok(()) };
        io::BufRead::consume(input, HEADER);
        let mut state = Decompress::new(true);
        let mut read: u32 = 0;
        loop {
            let head = input.peek(entry::LONGEST + 2)?;
            let entry = Entry::read(head, self.place.hash);
            if read >= count && !entry.as_ref().is_some_and(|entry| is_followed_by_zlib(entry, head)) {
                break;
            }
            let Some(entry) = entry else {
                let detail = message!(
                    "a git pack ends early after {} of {} objects: those were searched",
                    read,
                    count
                );
                self.note(Code::Truncated, detail);
                return Ok(());
            };
            match self.read_entry(&entry, input, &mut state)? {
                Next::There => {}
                Next::Lost if read >= count => return Ok(()),
                Next::Lost => {
                    let detail = message!(
                        "a git pack is damaged after {} of {} objects: those were searched",
                        read,
                        count
                    );
                    self.note(Code::Corrupt, detail);
                    return Ok(());
                }
                Next::Unwanted => return Ok(()),
            }
            read = read.saturating_add(1);
        }
        if read > count {
            self.note(
                Code::Odd,
                message!("a git pack holds {} objects and says that it holds {}", read, count),
            );
        }
        let trailer = input.peek(self.place.hash.len_in_bytes())?.len().min(self.place.hash.len_in_bytes());
        io::BufRead::consume(input, trailer);
        Ok(())
    }

    /// Reads one object.
    fn read_entry(
        &mut self,
        entry: &Entry,
        input: &mut Recorder<'_>,
        state: &mut Decompress,
    ) -> io::Result<Next> {
        let offset = input.offset();
        let row = self.table.add(offset);
        if let Some(row) = row {
            input.kept.charge(if row < FREE_ROWS { 0 } else { ROW });
            input.kept.begin(offset);
        }
        io::BufRead::consume(input, entry.len);
        let mut inflate = Inflate::new(&mut *input, state);
        let fault = self.read_object(entry, offset, row, &mut inflate);
        if let Some(Fault::Spent | Fault::Input(_)) = fault {
            return self.fault(fault).map(|_| Next::Unwanted);
        }
        if let (Some(_), Some(row)) = (&fault, row) {
            self.table.forget(row);
        }
        // After an invalid delta, reading continues. After an invalid stream, the rest of the pack is lost.
        let end = inflate.drain(self.limits.left);
        input.kept.end();
        if row.is_some() {
            self.table.set_end(input.offset());
        }
        match end {
            Ok(()) => self.fault(fault).map(|_| Next::There),
            Err(Fault::Cut | Fault::Broken) => Ok(Next::Lost),
            Err(fault) => self.fault(Some(fault)).map(|_| Next::Unwanted),
        }
    }

    fn read_object(
        &mut self,
        entry: &Entry,
        offset: u64,
        row: Option<Row>,
        inflate: &mut Inflate<'_>,
    ) -> Option<Fault> {
        let base = match &entry.form {
            Form::Whole(kind) => {
                let claim = Claim { kind: *kind, size: entry.size, hash: self.place.hash };
                return self.decode(inflate, claim, offset, row, None);
            }
            Form::Behind(distance) => {
                let base = offset.checked_sub(*distance).filter(|base| *base < offset);
                if let Some(row) = row {
                    self.table.set_base(row, base);
                }
                base
            }
            Form::Reference(id) => {
                let base = self.bases.offset_of(key(id));
                match (row, base) {
                    (Some(row), Some(_)) => self.table.set_base(row, base),
                    (Some(row), None) => self.table.set_reference(row, key(id)),
                    (None, _) => {}
                }
                base
            }
        };
        let instructions = match Instructions::begin(inflate) {
            Ok(instructions) => instructions,
            Err(fault) => return Some(fault),
        };
        let Some((at, base)) = base.and_then(|at| Some((at, self.bases.get(at)?))) else {
            return self.search_inserted(instructions, offset, row);
        };
        let latest = self.bases.latest();
        self.bases.touch(at, latest);
        let claim = Claim { kind: base.kind, size: instructions.result_size, hash: self.place.hash };
        match Applied::new(instructions, &base.bytes) {
            Ok(mut applied) => self.decode(&mut applied, claim, offset, row, Some((at, &base))),
            Err(fault) => Some(fault),
        }
    }

    fn decode(
        &mut self,
        decoder: &mut dyn Decode,
        claim: Claim,
        offset: u64,
        row: Option<Row>,
        base: Option<(u64, &Base)>,
    ) -> Option<Fault> {
        let priority = self.bases.latest();
        // Git writes an object and everything made from it in one stretch. Therefore even a large object may
        // displace all held objects.
        let hold = usize::try_from(claim.size)
            .ok()
            .filter(|size| self.bases.make_room(*size, priority, base.map(|(at, _)| at)))
            .unwrap_or_default();
        let mut outcome = content::read(decoder, claim, hold, self.limits.left, Some(self.sink));
        self.settle(claim.kind, row, &mut outcome);
        if let Some(bytes) = outcome.bytes {
            let key = outcome.id.as_ref().map_or(0, key);
            self.bases.insert(offset, New { key, kind: claim.kind, bytes, priority, uses: 0 });
        }
        outcome.fault
    }

    /// Records the result of decoding an object.
    pub(super) fn settle(&mut self, kind: Kind, row: Option<Row>, outcome: &mut Outcome) {
        if let Some(id) = &outcome.id {
            if let Some(row) = row {
                self.table.set_key(row, key(id));
            }
            if let Some(bytes) = &outcome.bytes {
                self.objects.learn(kind, id, bytes);
            }
        }
        self.objects.keep(self.place, kind, outcome.id, std::mem::take(&mut outcome.found));
    }

    /// Searches the bytes that a delta inserts, in case its base never turns up. The delta stays pending.
    fn search_inserted(
        &mut self,
        instructions: Instructions<'_, '_>,
        offset: u64,
        row: Option<Row>,
    ) -> Option<Fault> {
        let mut scanner = Scanner::with_limit(MAX_INSERTED);
        let mut inserted = Inserted::new(instructions);
        let mut piece = [0; 4096];
        let fault = loop {
            match inserted.decode(&mut piece) {
                Ok(0) => break None,
                Ok(n) => scanner.feed(piece.get(..n).unwrap_or_default()),
                Err(fault) => break Some(fault),
            }
        };
        let found = scanner.finish();
        if self.inserted.len() >= MAX_REMEMBERED {
            self.is_more_inserted |= !found.is_empty();
        } else if !found.is_empty() {
            self.inserted.insert(offset, found);
        }
        match row {
            Some(row) if fault.is_none() => self.pending.push(row),
            None if fault.is_none() => self.forgotten += 1,
            _ => {}
        }
        fault
    }
}

/// Returns true if a zlib stream follows the entry's header. After the last object there is a checksum, which
/// hardly ever looks like one.
fn is_followed_by_zlib(entry: &Entry, head: &[u8]) -> bool {
    matches!(head.get(entry.len..), Some(&[method, flags, ..])
        if method == 0x78 && u16::from_be_bytes([method, flags]).is_multiple_of(31))
}
