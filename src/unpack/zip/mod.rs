//! Zip archives, member by member in file order (APPNOTE 6.3.10). The central directory is ignored: it may be
//! wrong or cut off, and it allows members to overlap. The bytes of a file are read once, in order.

use std::io::Read as _;

use super::compressed::decode;
use super::format::HEAD;
use super::level::{Level, problem};
use super::probes::Trial;
use super::raw::{Raw, Stretch};
use super::{git, git_objects};
use crate::detect::{Container, StepKind};
use crate::fault::Code;
use crate::finding::Effect;
use crate::mask::{Message, message};
use crate::stream::{Compression, Deflate, Part, Peek as _, describes_codes};
use header::{HEADER, How, short};

mod header;

pub(super) use header::Member;

/// The step into an archive as a whole.
const ARCHIVE: StepKind = StepKind::Container(Container::Zip);
/// Longer names are truncated.
const MAX_NAME: usize = 4096;
/// The number of bytes of a member that show whether it is deflated. Other bytes are damaged data sooner.
const TRIED: usize = 512;

/// Reads one member. The bytes after it are left to the caller.
pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let at_start = raw.passed() == 0;
    let Some((_, how)) = raw.peek(HEAD).ok().and_then(|head| Member::read(head, at_start)) else { return };
    let Some((member, step)) = header(raw) else { return };
    let end = member.size.map(|size| raw.passed().saturating_add(size));
    match how {
        How::Stored if member.size.is_none() && raw.peek(HEAD).is_ok_and(git::begins_loose) => {
            // The end of the loose object is known only from its own stream.
            git_objects::open_loose(level, raw);
        }
        How::Stored => stored(level, step, member.size.unwrap_or(0), raw),
        How::Deflate => deflated(level, step, raw),
        How::Part(compression) => part(level, step, compression, raw),
        How::Encrypted => {
            let detail = Message::own("some of its members are encrypted");
            let problem = problem(Effect::Note, Code::Encrypted, ARCHIVE, detail);
            level.doubtful(problem, raw.passed(), end);
        }
        How::Unread(method) => {
            let detail = message!("a member is compressed by method {}, which is not supported", method);
            let problem = problem(Effect::Error, Code::Unsupported, ARCHIVE, detail);
            level.doubtful(problem, raw.passed(), end);
        }
    }
}

/// Reads past the header. Returns the header and the step for the member.
fn header(raw: &mut Raw<'_>) -> Option<(Member, StepKind)> {
    let mut fixed = [0; HEADER];
    raw.read_exact(&mut fixed).ok()?;
    let mut member = Member::parse(&fixed)?;
    let mut name = Vec::new();
    raw.take(u64::from(member.name)).read_to_end(&mut name).ok()?;
    let mut extra = Vec::new();
    raw.take(u64::from(member.extra)).read_to_end(&mut extra).ok()?;
    if member.size == Some(u64::from(u32::MAX)) {
        member.size = zip64_size(&extra).or(member.size);
    }
    name.truncate(MAX_NAME);
    Some((member, StepKind::member(Container::Zip, &name)))
}

/// Returns the stored size in a Zip64 record (section 4.5.3), where the uncompressed size comes first.
fn zip64_size(mut extra: &[u8]) -> Option<u64> {
    loop {
        let (id, rest) = short(extra)?;
        let (len, rest) = short(rest)?;
        let (record, rest) = rest.split_at_checked(usize::from(len))?;
        if id == 1 {
            return record.get(8..16).and_then(<[u8]>::first_chunk).map(|size| u64::from_le_bytes(*size));
        }
        extra = rest;
    }
}

fn stored(level: &mut Level<'_, '_>, step: StepKind, size: u64, raw: &mut Raw<'_>) {
    // A reader's error is reported by the reader of the enclosing content.
    let range = raw.passed()..raw.passed().saturating_add(size);
    let _ = level.enter_stored(step, range, &mut Stretch { raw, left: size });
}

/// Reads a member that the header calls deflated. Most readers follow the directory, which may call it stored.
/// So if the data is damaged near its start, the caller reads it once more as it is.
fn deflated(level: &mut Level<'_, '_>, step: StepKind, raw: &mut Raw<'_>) {
    let head = raw.peek(HEAD).map(|head| head.get(..HEAD).unwrap_or(head)).unwrap_or_default();
    let tried = head.get(..TRIED).unwrap_or(head);
    let is_deflate = describes_codes(head);
    match if is_deflate { Trial::GoesOn } else { level.unpacker.probes.deflate(tried) } {
        Trial::Broken(taken) if taken < tried.len() => {
            let head = head.to_vec();
            decode(level, step, Deflate::bare(head.as_slice()));
        }
        _ => decode(level, step, Deflate::bare(raw)),
    }
}

fn part(level: &mut Level<'_, '_>, step: StepKind, compression: Compression, raw: &mut Raw<'_>) {
    match Part::open(compression, raw) {
        Ok(part) => decode(level, step, part),
        Err(error) => level.failed(step, &error),
    }
}
