//! Header blocks, and the extended headers that amend the next header block.

use super::{BLOCK, Entry, EntryKind, Extent, path};
use crate::stream::sparse::SparseMap;

/// The content that a header block announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Entry(EntryKind),
    /// GNU `L`: the name of the next entry.
    LongName,
    /// GNU `K`: the link target of the next entry.
    LongLink,
    /// pax `x`: records for the next entry.
    Pax,
    /// pax `g`: records for all following entries.
    GlobalPax,
}

pub(super) struct Header {
    pub(super) kind: Kind,
    /// The length of the body after the block.
    pub(super) size: u64,
    /// Whether there are further sparse map blocks between this block and the body.
    pub(super) more_sparse_blocks: bool,
    name: Vec<u8>,
    link: Option<Vec<u8>>,
    gnu_sparse: bool,
}

/// Reads a header block. Returns `None` if the checksum is wrong.
pub(super) fn read(block: &[u8; BLOCK]) -> Option<Header> {
    let header = tar::Header::from_byte_slice(block);
    if !checksum_holds(header, block) {
        return None;
    }
    let flag = *block.get(156)?;
    let kind = match flag {
        b'L' => Kind::LongName,
        b'K' => Kind::LongLink,
        b'x' | b'X' => Kind::Pax,
        b'g' => Kind::GlobalPax,
        b'0' | 0 | b'7' | b'S' => Kind::Entry(EntryKind::File),
        b'1' => Kind::Entry(EntryKind::HardLink),
        b'2' => Kind::Entry(EntryKind::Symlink),
        b'5' => Kind::Entry(EntryKind::Directory),
        _ => Kind::Entry(EntryKind::Other),
    };
    let name = header.path_bytes().into_owned();
    // Links, directories and devices have no body, whatever their size field says (Go's `isHeaderOnly`).
    let size = if matches!(flag, b'1'..=b'6') { 0 } else { size_field(header, block)? };
    let gnu_sparse = flag == b'S';
    Some(Header {
        kind,
        size,
        more_sparse_blocks: gnu_sparse && header.as_gnu().is_some_and(tar::GnuHeader::is_extended),
        name,
        link: header.link_name_bytes().map(std::borrow::Cow::into_owned),
        gnu_sparse,
    })
}

/// Returns the size of the body. An unset size field means no body.
fn size_field(header: &tar::Header, block: &[u8; BLOCK]) -> Option<u64> {
    let field = block.get(124..136)?;
    if field.iter().all(|&b| b == 0 || b == b' ') {
        return Some(0);
    }
    header.entry_size().ok()
}

/// Returns true if the checksum is right: the sum of all bytes, with the checksum field taken as blanks.
/// Some old writers summed signed bytes.
fn checksum_holds(header: &tar::Header, block: &[u8; BLOCK]) -> bool {
    let Ok(stated) = header.cksum() else { return false };
    let bytes = || block.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { b' ' } else { b });
    let unsigned: u32 = bytes().map(u32::from).sum();
    let signed: i32 = bytes().map(|b| i32::from(b.cast_signed())).sum();
    stated == unsigned || i32::try_from(stated).is_ok_and(|stated| stated == signed)
}

impl Header {
    /// Returns the part of the map of an old GNU sparse file that is in the header block itself.
    pub(super) fn sparse(&self, block: &[u8; BLOCK]) -> Option<SparseMap> {
        if !self.gnu_sparse {
            return None;
        }
        let mut map = SparseMap::default();
        let gnu = tar::Header::from_byte_slice(block).as_gnu()?;
        for part in &gnu.sparse {
            add_gnu(part, &mut map);
        }
        Some(map)
    }
}

/// Adds the 21 map entries of an extension block. Returns true if another block follows.
pub(super) fn sparse_block(block: &[u8; BLOCK], map: &mut SparseMap) -> bool {
    for part in block.chunks_exact(24).take(21) {
        let number = |field: Option<&[u8]>| octal(field.unwrap_or_default());
        if let (Some(offset), Some(len)) = (number(part.get(..12)), number(part.get(12..))) {
            map.add(offset, len);
        }
    }
    block.get(504).is_some_and(|&flag| flag == 1)
}

fn add_gnu(part: &tar::GnuSparseHeader, map: &mut SparseMap) {
    if let (false, Ok(offset), Ok(len)) = (part.is_empty(), part.offset(), part.length()) {
        map.add(offset, len);
    }
}

/// Returns an octal or base-256 number of a header, or `None` if the field is blank.
fn octal(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let last: [u8; 8] = *field.last_chunk()?;
        return Some(u64::from_be_bytes(last));
    }
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches(|c| c == '\0' || c == ' ');
    u64::from_str_radix(text, 8).ok()
}

/// The data from extended headers about the next entry.
#[derive(Debug, Default)]
pub(super) struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse_name: Option<Vec<u8>>,
    sparse: Option<SparseMap>,
    sparse_offset: Option<u64>,
    /// The major and minor version of the sparse format.
    sparse_version: (Option<Vec<u8>>, Option<Vec<u8>>),
}

impl Extended {
    pub(super) fn add(&mut self, kind: Kind, body: &[u8]) {
        match kind {
            Kind::LongName => self.name = Some(until_nul(body)),
            Kind::LongLink => self.link = Some(until_nul(body)),
            Kind::Pax => self.add_records(body),
            // Engines ignore global names and sizes. The bytes are searched like all others.
            Kind::GlobalPax | Kind::Entry(_) => {}
        }
    }

    fn add_records(&mut self, body: &[u8]) {
        for (key, value) in records(body) {
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = decimal(value),
                b"GNU.sparse.name" => self.sparse_name = Some(value.to_vec()),
                b"GNU.sparse.map" => {
                    let mut numbers = value.split(|&b| b == b',').map(decimal);
                    while let (Some(Some(offset)), Some(Some(len))) = (numbers.next(), numbers.next()) {
                        self.sparse.get_or_insert_default().add(offset, len);
                    }
                }
                b"GNU.sparse.major" => self.sparse_version.0 = Some(value.to_vec()),
                b"GNU.sparse.minor" => self.sparse_version.1 = Some(value.to_vec()),
                b"GNU.sparse.offset" => self.sparse_offset = decimal(value),
                b"GNU.sparse.numbytes" => {
                    if let (Some(offset), Some(len)) = (self.sparse_offset.take(), decimal(value)) {
                        self.sparse.get_or_insert_default().add(offset, len);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn entry(
        mut self,
        header: Header,
        kind: EntryKind,
        sparse: Option<SparseMap>,
        after_end: bool,
    ) -> Entry {
        let extent = self.extent(sparse);
        // A sparse name does not apply to a file that turns out not to be sparse.
        let sparse_name = self.sparse_name.filter(|_| extent != Extent::Whole);
        let name = sparse_name.or(self.name).unwrap_or(header.name);
        let link = self.link.or(header.link);
        // V7 has no type for directories: a file whose name ends in a slash is a directory.
        let is_directory = kind == EntryKind::File && !header.gnu_sparse && name.ends_with(b"/");
        let kind = if is_directory { EntryKind::Directory } else { kind };
        let has_body = is_directory || matches!(kind, EntryKind::File | EntryKind::Other);
        Entry {
            path: path::normalise(&name),
            odd_name: path::is_odd(&name),
            kind,
            link: matches!(kind, EntryKind::HardLink | EntryKind::Symlink).then_some(link).flatten(),
            size: if has_body { self.size.unwrap_or(header.size) } else { header.size },
            body_offset: 0,
            after_end,
            extent,
        }
    }

    /// Determines the extent as Go's `archive/tar` does. Version 1.0 has its map in the body. Versions 0.0
    /// and 0.1 have it in records and need not state their version. With any other version the file is an
    /// ordinary file.
    fn extent(&mut self, header_map: Option<SparseMap>) -> Extent {
        if let Some(map) = header_map {
            return Extent::Sparse(map);
        }
        let (major, minor) = &self.sparse_version;
        match (major.as_deref(), minor.as_deref(), self.sparse.take()) {
            (Some(b"1"), Some(b"0"), _) => Extent::SparseMapInBody,
            (None | Some(b""), None | Some(b""), Some(map)) | (Some(b"0"), Some(b"0" | b"1"), Some(map)) => {
                Extent::Sparse(map)
            }
            _ => Extent::Whole,
        }
    }
}

fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|&b| b == 0).next().unwrap_or_default().to_vec()
}

fn decimal(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// Returns the records of a pax extended header: `LENGTH KEY=VALUE\n`. The length includes its own digits.
/// Values may hold any byte, including newlines. Reading stops at the first invalid record.
pub(super) fn records(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let blank = memchr::memchr(b' ', rest)?;
        let len = usize::try_from(decimal(rest.get(..blank)?)?).ok()?;
        let record = rest.get(blank + 1..len)?.strip_suffix(b"\n")?;
        let equals = memchr::memchr(b'=', record)?;
        rest = rest.get(len..)?;
        Some((record.get(..equals)?, record.get(equals + 1..)?))
    })
}
