//! Loose objects: gitformat-loose(5). A loose object is a zlib stream of a header (such as `blob 12` and a
//! NUL) and the content.

use std::io;

use flate2::Decompress;
use gix_object::decode::loose_header;

use super::content::{self, Claim};
use super::inflate::{Decode, Fault, Inflate};
use super::pack::spent;
use super::{GitFile, Limits, Objects, Sink};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::Message;
use crate::stream::Peek;

/// An upper bound on the length of a header: the longest word, a space, twenty digits and a NUL.
const HEADER: usize = 32;
/// The maximum size of commits and trees that are parsed.
const HOLD: usize = 8 << 20;

/// Returns true if a loose object begins with these bytes. 64 bytes are enough to decide.
pub(crate) fn begins_loose(mut head: &[u8]) -> bool {
    let &[method, flags, ..] = head else { return false };
    // gitformat-loose: the first byte of a deflate stream, and the check of the first two bytes.
    if method & 0x0f != 8 || !u16::from_be_bytes([method, flags]).is_multiple_of(31) {
        return false;
    }
    let mut state = Decompress::new(true);
    let mut header = [0; HEADER];
    let filled = fill(&mut Inflate::new(&mut head, &mut state), &mut header).0;
    loose_header(header.get(..filled).unwrap_or_default()).is_ok()
}

/// Reads the loose object at the start of `content` and searches it. Errors come from the reader.
pub(crate) fn loose(
    content: &mut dyn Peek,
    place: GitFile,
    objects: &mut Objects,
    limits: Limits<'_>,
    sink: &mut Sink<'_>,
) -> io::Result<Vec<Problem>> {
    let mut state = Decompress::new(true);
    let mut inflate = Inflate::new(content, &mut state);
    let mut header = [0; HEADER];
    let (filled, fault) = fill(&mut inflate, &mut header);
    let head = header.get(..filled).unwrap_or_default();
    let Ok((kind, size, len)) = loose_header(head) else {
        return problems(fault.or(Some(Fault::Broken)));
    };
    let claim = Claim { kind, size, hash: place.hash };
    let mut decoder = Joined { head: head.get(len..).unwrap_or_default(), fault, inflate };
    let outcome = content::read(&mut decoder, claim, HOLD, limits.left, Some(sink));
    if let (Some(id), Some(bytes)) = (&outcome.id, &outcome.bytes) {
        objects.learn(kind, id, bytes);
    }
    objects.keep(place, kind, outcome.id, outcome.found);
    problems(outcome.fault)
}

fn problems(fault: Option<Fault>) -> io::Result<Vec<Problem>> {
    let (code, message) = match fault {
        None => return Ok(Vec::new()),
        Some(Fault::Input(error)) => return Err(error),
        Some(Fault::Spent) => return Ok(vec![spent()]),
        Some(Fault::Cut) => {
            (Code::Truncated, "a git object ends early: what could be decoded of it was searched")
        }
        Some(Fault::Broken) => {
            (Code::Corrupt, "a git object is damaged: what could be decoded of it was searched")
        }
    };
    Ok(vec![Problem::note(code, Place::Here, Message::own(message))])
}

fn fill(inflate: &mut Inflate<'_>, out: &mut [u8]) -> (usize, Option<Fault>) {
    let mut filled = 0;
    while let Some(room @ [_, ..]) = out.get_mut(filled..) {
        match inflate.decode(room) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(fault) => return (filled, Some(fault)),
        }
    }
    (filled, None)
}

/// The bytes decoded along with the header, followed by the rest of the stream.
struct Joined<'h, 'a> {
    head: &'h [u8],
    fault: Option<Fault>,
    inflate: Inflate<'a>,
}

impl Decode for Joined<'_, '_> {
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        if !self.head.is_empty() {
            let n = io::Read::read(&mut self.head, out).unwrap_or_default();
            return Ok(n);
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.inflate.decode(out),
        }
    }
}
