//! Compressed streams. Consecutive members of the same format are read as one stream of content.

use crate::fault::is_limit;
use std::io::{self, Read};

use super::format::HEAD;
use super::level::Level;
use super::raw::Raw;
use crate::detect::StepKind;
use crate::stream::{Compression, Part, Peek, Window};

/// The number of decoded bytes held in memory.
pub(super) const WINDOW: usize = 128 * 1024;

pub(super) fn open(level: &mut Level<'_, '_>, compression: Compression, raw: &mut Raw<'_>) {
    let step = StepKind::Compression(compression);
    match Members::open(compression, raw) {
        Ok(members) => decode(level, step, members),
        Err(error) => level.failed(step, &error),
    }
}

/// Reads the bytes that a stream yields before damage near its start. The bytes after the damage are left to
/// the caller.
pub(super) fn open_damaged(level: &mut Level<'_, '_>, compression: Compression, raw: &mut Raw<'_>) {
    let Ok(head) = raw.peek(HEAD) else { return };
    let head = head.get(..HEAD).unwrap_or(head).to_vec();
    if let Ok(stream) = Part::open(compression, head.as_slice()) {
        decode(level, StepKind::Compression(compression), stream);
    }
}

/// Reads the output of a decoder as content of its own.
pub(super) fn decode(level: &mut Level<'_, '_>, step: StepKind, decoder: impl Read) {
    let mut decoder = level.unpacker.limits.meter(decoder);
    let outcome = level.enter(step.clone(), &mut Window::with_capacity(WINDOW, &mut decoder));
    // Bytes that decode to nothing are not a stream.
    if let Err(error) = outcome
        && (decoder.has_given() || is_limit(&error))
    {
        level.failed(step, &error);
    }
}

/// A reader over all members of a compressed stream.
struct Members<R> {
    compression: Compression,
    member: Option<Part<R>>,
}

impl<R: Peek> Members<R> {
    fn open(compression: Compression, input: R) -> io::Result<Self> {
        Ok(Self { compression, member: Some(Part::open(compression, input)?) })
    }
}

impl<R: Peek> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let n = member.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let Some(mut input) = self.member.take().map(Part::into_input) else { return Ok(0) };
            if Compression::of(input.peek(Compression::HEAD)?) == self.compression {
                self.member = Some(Part::open(self.compression, input)?);
            }
        }
    }
}
