//! The local header of a member, and the way in which the member's data is read.

use std::io::{self, Read as _};

use crate::stream::{Compression, Deflate, plausible_deflate};

/// The local header of a member (section 4.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    version: u8,
    system: u8,
    flags: u16,
    method: u16,
    crc: u32,
    /// The stored size of the data, if the header has it.
    pub(super) size: Option<u64>,
    pub(super) name: u16,
    pub(super) extra: u16,
}

/// The way in which a member's data is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Unchanged.
    Stored,
    Deflate,
    Part(Compression),
    /// Not readable without a key.
    Encrypted,
    /// Compressed by this method, which other tools can read.
    Unread(u16),
}

/// The length of the fixed part of the header.
pub(super) const HEADER: usize = 30;
/// Deflate data that decodes to this many bytes without an error is not there by chance.
const LONG: usize = 200;
/// The number of bytes decoded to find that out.
const PROBE: u64 = 64 * 1024;

impl Member {
    /// Reads a header at the start of some content, or in the middle of it.
    ///
    /// Zip readers use the directory at the end of the archive and skip most of the local header. A header
    /// may therefore contain values that the specification does not know. In that case its data must decode.
    /// In the middle of other content, the data must also decode if the header's name is invalid. Such bytes
    /// come from texts about the format, not from archives.
    pub(crate) fn read(head: &[u8], at_start: bool) -> Option<(Self, How)> {
        let member = Self::parse(head)?;
        let is_regular = member.is_regular() && (at_start || member.has_name(head));
        let data = || head.get(HEADER + usize::from(member.name) + usize::from(member.extra)..);
        let deflates = || data().is_some_and(|data| begins_deflate(data, member.crc));
        let how = match member.method {
            _ if member.flags & 1 != 0 => {
                if deflates() {
                    How::Deflate
                } else {
                    is_regular.then_some(How::Encrypted)?
                }
            }
            // Most readers follow the directory, which may say so.
            0 if deflates() => How::Deflate,
            0 => (is_regular || member.has_name(head)).then_some(How::Stored)?,
            8 => (is_regular || deflates()).then_some(How::Deflate)?,
            method @ (12 | 93 | 95) => {
                let compression = match method {
                    12 => Compression::Bzip2,
                    93 => Compression::Zstd,
                    _ => Compression::Xz,
                };
                let fits = data().is_some_and(|data| Compression::of(data) == compression);
                if !fits && deflates() {
                    How::Deflate
                } else {
                    (is_regular || fits).then_some(How::Part(compression))?
                }
            }
            _ if deflates() => How::Deflate,
            method => is_regular.then_some(How::Unread(method))?,
        };
        Some((member, how))
    }

    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let header = head.first_chunk::<HEADER>()?;
        let rest = header.strip_prefix(b"PK\x03\x04")?;
        let (&[version, system], rest) = rest.split_first_chunk::<2>()?;
        let (flags, rest) = short(rest)?;
        let (method, rest) = short(rest)?;
        // Time and date.
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = long(rest)?;
        let (size, rest) = long(rest)?;
        let (_, rest) = long(rest)?;
        let (name, rest) = short(rest)?;
        let (extra, _) = short(rest)?;
        // With bit 3 set, the sizes come after the data.
        let size = (flags & 8 == 0 || size > 0).then_some(u64::from(size));
        (name > 0).then_some(Self { version, system, flags, method, crc, size, name, extra })
    }

    /// Returns true if the specification knows the version, method and flags.
    fn is_regular(&self) -> bool {
        let known = matches!(self.method, 0..=10 | 12 | 14 | 16 | 18..=20 | 93..=99);
        known && self.version <= 63 && self.system <= 30 && self.flags & 0xd000 == 0
    }

    /// Returns true if the visible part of the name is valid.
    fn has_name(&self, head: &[u8]) -> bool {
        let name = head.get(HEADER..).unwrap_or_default();
        !name.iter().take(usize::from(self.name)).any(u8::is_ascii_control)
    }
}

/// Returns true if the bytes are certain to begin a deflate stream: either a long one, or one that ends with
/// the right checksum.
fn begins_deflate(data: &[u8], crc: u32) -> bool {
    if !plausible_deflate(data) {
        return false;
    }
    let mut decoder = Deflate::bare(data);
    let mut text = Vec::new();
    match (&mut decoder).take(PROBE).read_to_end(&mut text) {
        Ok(n) if n as u64 == PROBE => true,
        Ok(0) => false,
        Ok(_) => {
            let mut sum = flate2::Crc::new();
            sum.update(&text);
            let behind = decoder.into_input();
            if data.len() - behind.len() >= LONG {
                return true;
            }
            let behind = behind.strip_prefix(b"PK\x07\x08").unwrap_or(behind);
            sum.sum() == crc || long(behind).is_some_and(|(crc, _)| sum.sum() == crc)
        }
        Err(error) => error.kind() == io::ErrorKind::UnexpectedEof && !text.is_empty() && data.len() >= LONG,
    }
}

pub(super) fn short(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*number), rest))
}

fn long(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}
