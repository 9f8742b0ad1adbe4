//! Zlib streams with small windows. In any content, too many bytes look like their headers: `48 89` is a
//! frequent machine instruction. They are looked for in the formats whose writers make them. In PDF files, they may be
//! written as text (see [`ascii85`]).

use super::ascii85;
use crate::stream::{Compression, Peek as _, begins_zlib_of_any_window};
use crate::unpack::compressed;
use crate::unpack::format::{self, Format, Whole};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The number of bytes that decide whether a stream may begin.
const ENOUGH: usize = 16;

/// Returns true if content begins as a file of PNG, PDF or squashfs.
pub(super) fn begins(head: &[u8]) -> bool {
    [&b"\x89PNG\r\n\x1a\n"[..], b"%PDF-", b"hsqs"].iter().any(|magic| head.starts_with(magic))
}

/// Returns the offset of the next bytes that may begin a stream.
pub(super) fn next(bytes: &[u8]) -> Option<usize> {
    // The search for magic numbers finds streams with the largest window.
    let may_begin = |head: &[u8]| matches!(head, [0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68, ..]);
    let text = ascii85::next(bytes);
    let before = bytes.get(..text.unwrap_or(bytes.len())).unwrap_or_default();
    let stream = (0..before.len()).find(|&at| {
        let head = bytes.get(at..).unwrap_or_default();
        may_begin(head) && (head.len() < ENOUGH || begins_zlib_of_any_window(head))
    });
    stream.or(text)
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) -> bool {
    if ascii85::open(level, raw) {
        return true;
    }
    let Ok(head) = raw.peek(format::HEAD) else { return false };
    let head = head.get(..format::HEAD).unwrap_or(head);
    if matches!(head, [0x78, ..]) {
        return false;
    }
    match Format::zlib(head, &mut level.unpacker.probes) {
        Some(Format::Tried(compression, taken, whole)) => {
            let len = if whole == Whole::Yes { taken } else { 0 };
            compressed::open_tried(level, compression, len, raw);
        }
        Some(_) => compressed::open(level, Compression::Zlib, raw),
        None => return false,
    }
    true
}
