//! Compressed streams: all members of one format that follow each other are one content.

use crate::fault::is_limit;
use std::io::{self, Read};

use super::format::HEAD;
use super::level::Level;
use super::raw::Raw;
use crate::detect::StepKind;
use crate::stream::{Compression, Part, Peek, Window};

/// How much of a decoded content is held.
pub(super) const WINDOW: usize = 128 * 1024;

pub(super) fn open(level: &mut Level<'_, '_>, compression: Compression, raw: &mut Raw<'_>) {
    let step = StepKind::Compression(compression);
    match Members::open(compression, raw) {
        Ok(members) => decode(level, step, members),
        Err(error) => level.failed(step, &error),
    }
}

/// Reads what comes of a stream before its damage, which is near: what lies behind that is for others to
/// tell.
pub(super) fn open_damaged(level: &mut Level<'_, '_>, compression: Compression, raw: &mut Raw<'_>) {
    let Ok(head) = raw.peek(HEAD) else { return };
    let head = head.get(..HEAD).unwrap_or(head).to_vec();
    if let Ok(stream) = Part::open(compression, head.as_slice()) {
        decode(level, StepKind::Compression(compression), stream);
    }
}

/// Reads what a decoder gives as a content of its own.
pub(super) fn decode(level: &mut Level<'_, '_>, step: StepKind, decoder: impl Read) {
    let mut decoder = level.unpacker.limits.meter(decoder);
    let outcome = level.enter(step.clone(), &mut Window::with_capacity(WINDOW, &mut decoder));
    // Bytes of which nothing can be decoded are no stream.
    if let Err(error) = outcome
        && (decoder.has_given() || is_limit(&error))
    {
        level.failed(step, &error);
    }
}

/// The members of a compressed stream as one reader.
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
