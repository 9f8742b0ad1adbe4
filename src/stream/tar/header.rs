//! Header blocks, read as Go's `archive/tar` reads them: every container engine uses it to unpack layers.

use super::number::{numeric, octal, until_nul};
use super::{BLOCK, EntryKind};
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

/// The layouts of header blocks. They differ in what follows the fields of V7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// No further fields.
    V7,
    /// POSIX, with a prefix of the name.
    Ustar,
    /// Schily's tar, with a shorter prefix and two times.
    Star,
    /// GNU, with two times in the place of the prefix.
    Gnu,
}

#[derive(Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The length of the body after the block.
    pub(super) size: u64,
    /// Whether the type has a body. Links, directories and devices have none, whatever their size field says.
    pub(super) has_body: bool,
    /// Whether the type is that of V7, in which a directory is a file whose name ends in a slash.
    pub(super) is_v7_type: bool,
    pub(super) name: Vec<u8>,
    pub(super) link: Option<Vec<u8>>,
    /// The first map block of an old GNU sparse file.
    pub(super) sparse: Option<SparseBlock>,
    /// The reason why Go refuses the block.
    pub(super) refusal: Option<&'static str>,
}

/// A block of the map of an old GNU sparse file.
#[derive(Debug, Default)]
pub(super) struct SparseBlock {
    pub(super) map: SparseMap,
    /// Whether another block of the map follows.
    pub(super) has_next: bool,
    /// Whether a number of the map is invalid.
    pub(super) is_invalid: bool,
}

impl SparseBlock {
    /// Adds the block that follows.
    pub(super) fn add(&mut self, next: &Self) {
        if !self.is_invalid {
            self.map.append(&next.map);
        }
        self.has_next = next.has_next;
        self.is_invalid |= next.is_invalid;
    }
}

/// Reads a header block. Returns `None` if the checksum is wrong, or if the length of the body is not known.
pub(super) fn read(block: &[u8; BLOCK]) -> Option<Header> {
    if !checksum_holds(block) {
        return None;
    }
    let flag = *block.get(156)?;
    let kind = match flag {
        b'L' => Kind::LongName,
        b'K' => Kind::LongLink,
        b'x' => Kind::Pax,
        b'g' => Kind::GlobalPax,
        b'0' | 0 | b'7' | b'S' => Kind::Entry(EntryKind::File),
        b'1' => Kind::Entry(EntryKind::HardLink),
        b'2' => Kind::Entry(EntryKind::Symlink),
        b'5' => Kind::Entry(EntryKind::Directory),
        _ => Kind::Entry(EntryKind::Other),
    };
    let layout = layout(block);
    let (name, valid_name_fields) = name(block, layout);
    let size = numeric(block.get(124..136)?);
    let numbers_hold = size.is_some() && valid_name_fields && other_numbers_hold(block, layout);
    let mut refusal = (!numbers_hold).then_some("has a field that is not a number");
    let has_body = !matches!(flag, b'1'..=b'6');
    let size = if has_body { u64::try_from(size?).ok()? } else { 0 };
    let sparse = (flag == b'S' && layout == Layout::Gnu).then(|| {
        let mut first = sparse_block(block.get(386..).unwrap_or_default(), 4);
        let real_size = numeric(block.get(483..495).unwrap_or_default()).map(u64::try_from);
        match real_size {
            Some(Ok(size)) => first.map.set_size(size),
            _ => first.is_invalid = true,
        }
        first
    });
    if flag == b'S' && layout != Layout::Gnu {
        refusal = refusal.or(Some("is one of a GNU sparse file in another format"));
    }
    let link = until_nul(block.get(157..257)?);
    Some(Header {
        kind,
        size,
        has_body,
        is_v7_type: flag == 0,
        name,
        link: (!link.is_empty()).then(|| link.to_vec()),
        sparse,
        refusal,
    })
}

fn layout(block: &[u8; BLOCK]) -> Layout {
    let (magic, version) = (block.get(257..263), block.get(263..265));
    if magic == Some(b"ustar\0") {
        return if block.ends_with(b"tar\0") { Layout::Star } else { Layout::Ustar };
    }
    if magic == Some(b"ustar ") && version == Some(b" \0") { Layout::Gnu } else { Layout::V7 }
}

/// Returns the name with its prefix, and whether the times in the place of the prefix are valid.
fn name(block: &[u8; BLOCK], layout: Layout) -> (Vec<u8>, bool) {
    let field = |from: usize, len: usize| block.get(from..from + len).unwrap_or_default();
    let mut valid = true;
    let prefix = match layout {
        Layout::V7 => &[],
        Layout::Ustar => until_nul(field(345, 155)),
        Layout::Star => {
            valid = numeric(field(476, 12)).is_some() && numeric(field(488, 12)).is_some();
            until_nul(field(345, 131))
        }
        Layout::Gnu => {
            // Versions of Go before 1.8 wrote a prefix where GNU has times. It is one if it is not a time.
            let is_time = |field: &[u8]| field.first() == Some(&0) || numeric(field).is_some();
            let prefix = until_nul(field(345, 155));
            let has_times = is_time(field(345, 12)) && is_time(field(357, 12));
            if has_times || !prefix.is_ascii() { &[] } else { prefix }
        }
    };
    let name = until_nul(field(0, 100));
    let whole = if prefix.is_empty() { name.to_vec() } else { [prefix, name].join(&b'/') };
    (whole, valid)
}

/// Returns true if the numbers other than the size are valid. Go refuses the block otherwise.
fn other_numbers_hold(block: &[u8; BLOCK], layout: Layout) -> bool {
    // Mode, user, group and time, then the numbers of a device.
    let fields: &[_] = &[(100, 8), (108, 8), (116, 8), (136, 12), (329, 8), (337, 8)];
    let fields = if layout == Layout::V7 { fields.get(..4) } else { Some(fields) };
    let mut fields = fields.unwrap_or_default().iter();
    fields.all(|&(from, len)| block.get(from..from + len).is_some_and(|field| numeric(field).is_some()))
}

/// Returns true if the checksum is right: the sum of all bytes, with the checksum field taken as blanks.
/// Some old writers summed signed bytes.
fn checksum_holds(block: &[u8; BLOCK]) -> bool {
    let Some(stated) = block.get(148..156).and_then(octal) else { return false };
    let bytes = || block.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { b' ' } else { b });
    let unsigned: u32 = bytes().map(u32::from).sum();
    let signed: i32 = bytes().map(|b| i32::from(b.cast_signed())).sum();
    stated == i64::from(unsigned) || stated == i64::from(signed)
}

/// Reads a block of the map that continues the header block of an old GNU sparse file.
pub(super) fn continued_sparse_block(block: &[u8; BLOCK]) -> SparseBlock {
    sparse_block(block, 21)
}

/// Reads at most `count` pieces, and the flag after them.
fn sparse_block(block: &[u8], count: usize) -> SparseBlock {
    let mut read = SparseBlock {
        has_next: block.get(24 * count).is_some_and(|&flag| flag != 0),
        ..SparseBlock::default()
    };
    for piece in block.chunks_exact(24).take(count) {
        let (offset, len) = piece.split_at(12);
        if offset.first() == Some(&0) {
            break;
        }
        let number = |field: &[u8]| u64::try_from(numeric(field)?).ok();
        let (Some(offset), Some(len)) = (number(offset), number(len)) else {
            read.is_invalid = true;
            break;
        };
        read.map.add(offset, len);
    }
    read
}
