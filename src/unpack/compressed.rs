//! Compressed streams. Consecutive members of the same format are read as one stream of content.

use crate::fault::{Code, Fault, is_limit};
use std::cell::RefCell;
use std::io::{self, BufRead as _, Read};

use super::format::{HEAD, begins_same_zlib};
use super::level::Level;
use super::raw::Raw;
use crate::detect::StepKind;
use crate::stream::{Compression, Part, Peek, SNAPPY_FRAMES, Window, ZSTD_SKIPPABLE, zstd_skippable};

/// The number of decoded bytes held in memory.
pub(super) const WINDOW: usize = 128 * 1024;

pub(super) fn open(level: &mut Level<'_, '_>, compression: Compression, raw: &mut Raw<'_>) {
    let step = StepKind::Compression(compression);
    // Bytes in the middle of other content often look like zlib streams by chance.
    let is_quiet = compression == Compression::Zlib && raw.passed() > 0;
    let skipped = Skipped::default();
    let first = raw.peek(1).ok().and_then(|head| head.first().copied());
    let members = Members { compression, first, next: Next::Input(raw), skipped: &skipped };
    if is_quiet {
        decode_quietly(level, step.clone(), members);
    } else {
        decode(level, step.clone(), members);
    }
    let skipped = skipped.into_inner();
    if !skipped.is_empty() {
        // The bytes are in memory.
        let _ = level.enter(step, &mut skipped.as_slice());
    }
}

/// Searches what was decoded on trial of a stream that takes `len` bytes. A damaged stream takes none: in the
/// middle of other content, its bytes may as well be something else.
pub(super) fn open_tried(level: &mut Level<'_, '_>, compression: Compression, len: usize, raw: &mut Raw<'_>) {
    let out = level.unpacker.probes.take_output();
    let content = level.unpacker.limits.meter(out.as_slice());
    // The output is in memory, and the reader of the enclosing content reports its own errors.
    let _ = level.enter(StepKind::Compression(compression), &mut Window::with_capacity(out.len(), content));
    level.unpacker.probes.reuse(out);
    raw.consume(len);
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

/// Does the same for bytes that may not be a stream. Damage is not reported.
fn decode_quietly(level: &mut Level<'_, '_>, step: StepKind, decoder: impl Read) {
    let decoder = level.unpacker.limits.meter(decoder);
    if let Err(error) = level.enter(step.clone(), &mut Window::with_capacity(WINDOW, decoder))
        && is_limit(&error)
    {
        level.failed(step, &error);
    }
}

/// Returns true if another member of the same format begins with these bytes.
fn continues(compression: Compression, first: Option<u8>, head: &[u8]) -> bool {
    match compression {
        Compression::Zlib => head.len() > 2 && begins_same_zlib(first.as_slice(), head),
        Compression::Snappy => head.starts_with(SNAPPY_FRAMES),
        _ => Compression::of(head) == compression,
    }
}

/// The contents of skippable frames between other frames, one after the other. No decoder of the format passes
/// them on.
type Skipped = RefCell<Vec<u8>>;

/// The maximum size of [`Skipped`].
const MAX_SKIPPED: u64 = 4 << 20;

/// A reader over all members of a compressed stream.
struct Members<'s, R> {
    compression: Compression,
    /// The first byte. In zlib, it holds the size of the window.
    first: Option<u8>,
    next: Next<R>,
    skipped: &'s Skipped,
}

enum Next<R> {
    /// A member may begin here.
    Input(R),
    Member(Part<R>),
    End,
}

impl<R: Peek> Read for Members<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.next, Next::End) {
                Next::Input(mut input) => {
                    if self.compression == Compression::Zstd {
                        skip(&mut input, self.skipped)?;
                    }
                    if continues(self.compression, self.first, input.peek(HEAD)?) {
                        self.next = Next::Member(Part::open_up_to_skippable(self.compression, input)?);
                    }
                }
                Next::Member(mut member) => {
                    let n = member.read(out)?;
                    if n > 0 || out.is_empty() {
                        self.next = Next::Member(member);
                        return Ok(n);
                    }
                    self.next = Next::Input(member.into_input());
                }
                Next::End => return Ok(0),
            }
        }
    }
}

/// Reads past skippable frames and keeps their contents.
fn skip(input: &mut impl Peek, skipped: &Skipped) -> io::Result<()> {
    while let Some(len) = zstd_skippable(input.peek(ZSTD_SKIPPABLE)?) {
        let mut skipped = skipped.borrow_mut();
        if skipped.len() as u64 + len > MAX_SKIPPED {
            let limit = MAX_SKIPPED >> 20;
            let detail = format!("the skippable frames of the zstd stream have more than {limit} MiB");
            return Err(Fault::io(Code::Limit, detail));
        }
        input.consume(ZSTD_SKIPPABLE);
        if input.by_ref().take(len).read_to_end(&mut skipped)? as u64 != len {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the zstd stream ends early inside a skippable frame",
            ));
        }
    }
    Ok(())
}
