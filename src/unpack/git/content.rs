//! The content of one object: decoded, hashed and searched.

use std::io::{self, BufRead, Read};

use gix_hash::{Hasher, ObjectId};
use gix_object::{Kind, encode};

use super::super::allowance::Allowance;
use super::Sink;
use super::inflate::{Decode, Fault};
use crate::detect::Occurrence;
use crate::stream::Peek;

/// The buffer size for content that is not held. It exceeds every look-ahead.
pub(super) const BUFFER: usize = 64 * 1024;
/// The initial allocation for content, whatever its claimed size.
const FIRST: usize = 64 * 1024;

/// The facts about an object that are known before it is decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) kind: Kind,
    /// The size that the pack claims.
    pub(super) size: u64,
    pub(super) hash: gix_hash::Kind,
}

/// The result of decoding an object.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The content, if it was to be held and could be decoded.
    pub(super) bytes: Option<Vec<u8>>,
    /// The ID. `None` if the size differs from the claimed one, or if the hash is a known forgery.
    pub(super) id: Option<ObjectId>,
    /// The tokens found in the content.
    pub(super) found: Vec<Occurrence>,
    /// The fault that ended decoding early. All bytes decoded before it were searched.
    pub(super) fault: Option<Fault>,
}

/// Decodes an object, and searches it if there is a sink. The content is held in full if its claimed size is
/// at most `hold`.
pub(super) fn read(
    decoder: &mut dyn Decode,
    claim: Claim,
    hold: usize,
    left: &Allowance,
    sink: Option<&mut Sink<'_>>,
) -> Outcome {
    let mut decoder = Metered { decoder, left };
    let mut hash = gix_hash::hasher(claim.hash);
    hash.update(&encode::loose_header(claim.kind, claim.size));
    if !usize::try_from(claim.size).is_ok_and(|size| size <= hold) {
        return stream(&mut decoder, claim, hash, Vec::new(), sink);
    }
    let (bytes, end) = whole(&mut decoder, claim.size);
    if let Ok(false) = end {
        // The content is longer than claimed.
        return stream(&mut decoder, claim, hash, bytes, sink);
    }
    let mut outcome = Outcome::default();
    if let Some(sink) = sink {
        outcome.found = sink(claim.kind, &mut bytes.as_slice());
    }
    match end {
        Ok(_) => {
            hash.update(&bytes);
            outcome.id = hash.try_finalize().ok();
            outcome.bytes = Some(bytes);
        }
        Err(fault) => outcome.fault = Some(fault),
    }
    outcome
}

/// Decodes up to the claimed size. Returns true if the content ended there.
fn whole(decoder: &mut Metered<'_, '_>, size: u64) -> (Vec<u8>, Result<bool, Fault>) {
    // One extra byte, to detect the end.
    let size = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
    let mut bytes = vec![0; size.min(FIRST)];
    let mut filled = 0;
    let end = loop {
        if filled == bytes.len() {
            if filled == size {
                break Ok(false);
            }
            bytes.reserve_exact(size.min(4 * filled) - filled);
            bytes.resize(size.min(4 * filled), 0);
        }
        match decoder.decode(bytes.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break Ok(filled + 1 == size),
            Ok(n) => filled += n,
            Err(fault) => break Err(fault),
        }
    };
    bytes.truncate(filled);
    if matches!(end, Ok(false)) && filled < size {
        return (bytes, Err(Fault::Broken));
    }
    (bytes, end)
}

/// Continues after the bytes already decoded and decodes to the end. Holds no more than one buffer.
fn stream(
    decoder: &mut Metered<'_, '_>,
    claim: Claim,
    mut hash: Hasher,
    decoded: Vec<u8>,
    sink: Option<&mut Sink<'_>>,
) -> Outcome {
    hash.update(&decoded);
    let (end, total) = (decoded.len(), decoded.len() as u64);
    let mut buffer = decoded;
    buffer.resize(buffer.len().max(BUFFER), 0);
    let mut content = Content { decoder, buffer, start: 0, end, hash, total, fault: None, ended: false };
    let found = sink.map(|sink| sink(claim.kind, &mut content)).unwrap_or_default();
    loop {
        let n = content.peek(1).map_or(0, <[u8]>::len);
        if n == 0 {
            break;
        }
        content.consume(n);
    }
    let Content { hash, total, mut fault, .. } = content;
    if fault.is_none() && total != claim.size {
        fault = Some(Fault::Broken);
    }
    let id = if fault.is_none() { hash.try_finalize().ok() } else { None };
    Outcome { bytes: None, id, found, fault }
}

/// A decoder that counts its output and ends when the allowance is spent.
struct Metered<'d, 'l> {
    decoder: &'d mut dyn Decode,
    left: &'l Allowance,
}

impl Decode for Metered<'_, '_> {
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        if self.left.left() == 0 {
            return Err(Fault::Spent);
        }
        let n = self.decoder.decode(out)?;
        self.left.spend(n);
        Ok(n)
    }
}

/// A reader over an object's content. To its consumers, the content ends where decoding fails.
struct Content<'r, 'd, 'l> {
    decoder: &'r mut Metered<'d, 'l>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    hash: Hasher,
    total: u64,
    fault: Option<Fault>,
    ended: bool,
}

impl Peek for Content<'_, '_, '_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        let min = min.min(BUFFER);
        while self.end - self.start < min && !self.ended {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.decoder.decode(room) {
                Ok(n) => {
                    self.hash.update(room.get(..n).unwrap_or_default());
                    self.end += n;
                    self.total += n as u64;
                    self.ended = n == 0;
                }
                Err(fault) => {
                    self.fault = Some(fault);
                    self.ended = true;
                }
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }
}

impl BufRead for Content<'_, '_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.start += n.min(self.end - self.start);
    }
}

impl Read for Content<'_, '_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.peek(1)?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}
