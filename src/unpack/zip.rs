//! Zip archives, member by member as they stand (APPNOTE 6.3.10). The central directory is not asked: it may
//! lie, or be cut off, and with it members may overlap; the bytes of a file are read once, in order.

use std::io::Read as _;

use super::compressed::{self, decode};
use super::level::Level;
use super::raw::{Raw, Stretch};
use crate::stream::{Compression, Deflate, Part};

/// What a member's local header says (section 4.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    method: u16,
    encrypted: bool,
    /// The size of its data as stored, where the header knows it.
    size: Option<u64>,
    name: u16,
    extra: u16,
}

/// The fixed part of the header.
const HEADER: usize = 30;
/// Longer names are not shown whole.
const MAX_NAME: usize = 4096;

impl Member {
    /// Reads a header. What claims a version, method or flags that the specification does not have is none.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let header = head.first_chunk::<HEADER>()?;
        let rest = header.strip_prefix(b"PK\x03\x04")?;
        let (&[version, system], rest) = rest.split_first_chunk::<2>()?;
        let (flags, rest) = short(rest)?;
        let (method, rest) = short(rest)?;
        // Time, date and checksum.
        let (_, rest) = rest.split_first_chunk::<8>()?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (name, rest) = short(rest)?;
        let (extra, _) = short(rest)?;
        let known = matches!(method, 0..=10 | 12 | 14 | 16 | 18..=20 | 93..=99);
        if version > 63 || system > 30 || flags & 0xd000 != 0 || !known || name == 0 {
            return None;
        }
        let size = u64::from(u32::from_le_bytes(*size));
        // With bit 3 the sizes stand behind the data.
        let size = (flags & 8 == 0 || size > 0).then_some(size);
        Some(Self { method, encrypted: flags & 1 != 0, size, name, extra })
    }
}

fn short(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*number), rest))
}

/// Reads one member; what follows it is for others to tell.
pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let Some((member, step)) = header(raw) else { return };
    if member.encrypted {
        return level.odd(b"zip", "some of its members are encrypted");
    }
    match member.method {
        0 => stored(level, &step, member.size.unwrap_or(0), raw),
        8 => decode(level, &step, Deflate::bare(raw)),
        12 => part(level, &step, Compression::Bzip2, raw),
        93 => part(level, &step, Compression::Zstd, raw),
        95 => part(level, &step, Compression::Xz, raw),
        method => {
            level.unread(b"zip", &format!("a member is compressed by method {method}, which is not read"));
        }
    }
}

/// Reads past the header; gives it with the name of the way in.
fn header(raw: &mut Raw<'_>) -> Option<(Member, Vec<u8>)> {
    let mut fixed = [0; HEADER];
    raw.read_exact(&mut fixed).ok()?;
    let mut member = Member::read(&fixed)?;
    let mut name = Vec::new();
    raw.take(u64::from(member.name)).read_to_end(&mut name).ok()?;
    let mut extra = Vec::new();
    raw.take(u64::from(member.extra)).read_to_end(&mut extra).ok()?;
    if member.size == Some(u64::from(u32::MAX)) {
        member.size = zip64_size(&extra).or(member.size);
    }
    name.truncate(MAX_NAME);
    Some((member, [b"zip:", &name[..]].concat()))
}

/// The stored size of a Zip64 record (section 4.5.3), in which the uncompressed size comes first.
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

fn stored(level: &mut Level<'_, '_>, step: &[u8], size: u64, raw: &mut Raw<'_>) {
    // An error of the reader is known to whoever reads the content around.
    let _ = level.enter(step, Some(size), &mut Stretch { raw, left: size });
}

fn part(level: &mut Level<'_, '_>, step: &[u8], compression: Compression, raw: &mut Raw<'_>) {
    match Part::open(compression, raw) {
        Ok(part) => compressed::decode(level, step, part),
        Err(error) => level.failed(step, &error),
    }
}
