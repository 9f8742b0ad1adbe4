//! ORC: streams of chunks, each behind a header of three bytes. Only the end of the file says how they are
//! compressed, but the first compressed chunk shows it.

use super::{Joined, START, enter_reader, lz, take};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek as _};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

const MAGIC: &[u8] = b"ORC";
const HEADER: usize = 3;
/// The largest chunk: its header has no room for more.
const MAX_CHUNK: u64 = 8 << 20;
/// The largest first chunk. It is the usual limit, and keeps out text that begins as an ORC file does.
const MAX_FIRST: u64 = 256 << 10;
/// The number of bytes that are passed on unchanged at a time.
const PIECE: u64 = 64 * 1024;

/// Returns true if the first chunk is compressed, or if it fits otherwise.
pub(super) fn begins(head: &[u8]) -> bool {
    let Some(mut rest) = head.strip_prefix(MAGIC) else { return false };
    let mut count = 0;
    while let Some((len, is_original)) = header(rest) {
        if len > MAX_FIRST {
            return false;
        }
        let at = HEADER + usize::try_from(len).unwrap_or(usize::MAX);
        match rest.get(HEADER..at) {
            Some(_) if is_original || len == 0 => count += 1,
            Some(chunk) => return compression(chunk).is_some(),
            None => return head.len() >= START,
        }
        rest = rest.get(at..).unwrap_or_default();
    }
    count > 0
}

/// Returns the length of the chunk that begins with these bytes, and whether it is stored as it is.
fn header(bytes: &[u8]) -> Option<(u64, bool)> {
    let &[a, b, c] = bytes.first_chunk::<HEADER>()?;
    let header = u32::from_le_bytes([a, b, c, 0]);
    Some((u64::from(header >> 1), header & 1 == 1))
}

/// Returns the compression in which the chunk decodes.
fn compression(chunk: &[u8]) -> Option<Compression> {
    if Compression::of(chunk) == Compression::Zstd {
        return Some(Compression::Zstd);
    }
    let all = [Compression::Snappy, Compression::Zlib, Compression::Lz4];
    all.into_iter()
        .find(|&compression| lz::decode(compression, chunk, MAX_CHUNK).is_some_and(|out| !out.is_empty()))
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    take(raw, MAGIC.len() as u64);
    let mut chunks = Chunks { raw, compression: None, is_over: false };
    // The chunks up to the first compressed one.
    let (mut first, mut size) = (Vec::new(), 0);
    while chunks.compression.is_none() && size < MAX_CHUNK {
        let Some(chunk) = chunks.next() else { break };
        size += chunk.len() as u64;
        first.push(chunk);
    }
    let step = StepKind::Compression(chunks.compression.unwrap_or(Compression::None));
    enter_reader(level, step, Joined::new(first.into_iter().chain(chunks)));
}

/// The contents of chunks. What is no chunk comes unchanged, so that containers in it are not lost.
struct Chunks<'r, 'a> {
    raw: &'r mut Raw<'a>,
    compression: Option<Compression>,
    is_over: bool,
}

impl Iterator for Chunks<'_, '_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let head = self.raw.peek(HEADER).ok()?;
        let Some((len, is_original)) = header(head).filter(|_| !self.is_over) else {
            return Some(take(self.raw, PIECE)).filter(|piece| !piece.is_empty());
        };
        let mut bytes = take(self.raw, HEADER as u64 + len);
        let chunk = bytes.get(HEADER..).unwrap_or_default();
        if chunk.len() as u64 == len && !is_original && len > 0 {
            self.compression = self.compression.or_else(|| compression(chunk));
            let out = self.compression.and_then(|kind| lz::decode(kind, chunk, MAX_CHUNK));
            if let Some(out) = out.filter(|out| !out.is_empty()) {
                return Some(out);
            }
        }
        if chunk.len() as u64 == len && (is_original || len == 0) {
            bytes.drain(..HEADER.min(bytes.len()));
        } else {
            self.is_over = true;
        }
        Some(bytes)
    }
}
