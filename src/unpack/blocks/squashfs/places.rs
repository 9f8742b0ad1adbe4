//! The files of an image at whose paths a credential may be kept. The table of directories has their names.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use super::super::again::Again;
use super::{File, Image, Inode, NO_FRAGMENT, STORED, inodes, u16_at, u32_at};
use crate::detect::{Container, StepKind, may_keep};
use crate::fault::Code;
use crate::mask::Message;
use crate::unpack::kept::{self, MAX_FILE, MAX_FILES};
use crate::unpack::level::Level;

/// The maximum number of names in an image.
const MAX_NAMES: usize = 1 << 20;
/// The maximum number of directories above a file.
const MAX_DEPTH: usize = 64;

/// Searches these files. `data` gives the image from its start, if a file is to be read. `table` is the table of inodes.
pub(super) fn open<'o, 'd>(
    level: &mut Level<'_, 'o>,
    image: Image<'_>,
    table: &[u8],
    data: impl FnOnce(&Level<'_, 'o>) -> io::Result<Again<'d>>,
) {
    let step = StepKind::Compression(image.header.compression);
    let (files, is_cut) = wanted(image, table);
    let mut is_limited = is_cut;
    if !files.is_empty() {
        let mut again = match data(level) {
            Ok(again) => again,
            Err(error) => return super::unread(level, step, &error),
        };
        let contents = contents(image, &files, &mut again, &mut is_limited);
        if let Some(error) = again.error {
            super::unread(level, step.clone(), &error);
        }
        kept::search(level, Container::Squashfs, &contents);
    }
    if is_limited {
        let detail = Message::own(
            "the squashfs image has too many names, or too large files at the places of credentials; not all such \
             places were searched",
        );
        level.error(step, Code::Limit, detail);
    }
}

/// Returns the paths and the inodes of these files, and whether there were too many names.
fn wanted(image: Image<'_>, table: &[u8]) -> (Vec<(Vec<u8>, File)>, bool) {
    let header = image.header;
    let (directories, starts) = image.table_of_blocks(header.directories, header.fragments);
    let mut names: HashMap<u32, (u32, Range<usize>)> = HashMap::new();
    for (number, inode) in inodes(table, header) {
        let Inode::Directory { block, offset, len } = inode else { continue };
        let Ok(nth) = starts.binary_search_by_key(&block, |&(start, _)| start) else { continue };
        let Some(start) = starts.get(nth).and_then(|(_, at)| at.checked_add(offset)) else { continue };
        let listing = start..start.saturating_add(len).min(directories.len());
        if !list(&directories, listing, number, &mut names) {
            return (Vec::new(), true);
        }
    }
    let path = |mut number: u32| {
        let mut parts = Vec::new();
        while let Some((parent, name)) = names.get(&number).filter(|_| parts.len() < MAX_DEPTH) {
            parts.push(directories.get(name.clone())?);
            number = *parent;
        }
        parts.reverse();
        Some(parts.join(&b'/')).filter(|path| may_keep(path))
    };
    let files = inodes(table, header).filter_map(|(number, inode)| match inode {
        Inode::File(file) => Some((path(number)?, file)),
        _ => None,
    });
    (files.collect(), false)
}

/// Adds the names in a directory. Returns false if there are too many.
fn list(
    table: &[u8],
    listing: Range<usize>,
    directory: u32,
    names: &mut HashMap<u32, (u32, Range<usize>)>,
) -> bool {
    const HEADER: usize = 12;
    const ENTRY: usize = 8;
    let bytes = table.get(..listing.end).unwrap_or_default();
    let mut at = listing.start;
    let mut next = || {
        let header = bytes.get(at..)?;
        let (count, base) = (u32_at(header, 0)?, u32_at(header, 8)?);
        at += HEADER;
        for _ in 0..=count.min(255) {
            let entry = bytes.get(at..)?;
            let (number, len) = (base.wrapping_add_signed(signed(u16_at(entry, 2)?)), u16_at(entry, 6)?);
            let name = at + ENTRY..at + ENTRY + usize::from(len) + 1;
            at = name.end;
            names.insert(number, (directory, name));
            if names.len() > MAX_NAMES {
                return None;
            }
        }
        Some(())
    };
    while next().is_some() {}
    names.len() <= MAX_NAMES
}

fn signed(number: u16) -> i32 {
    i32::from(number.cast_signed())
}

/// A piece of a file: its offset and size in the image, the number of the file, and the part that belongs to it.
struct Piece {
    at: usize,
    size: u32,
    file: usize,
    part: Range<usize>,
}

/// Returns the contents of files, with their paths.
fn contents(
    image: Image<'_>,
    files: &[(Vec<u8>, File)],
    again: &mut Again<'_>,
    is_limited: &mut bool,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let fragments = image.fragments();
    let block_size = image.header.block_size;
    let mut left = MAX_FILES;
    let mut pieces = Vec::new();
    for (number, (_, file)) in files.iter().enumerate() {
        let len = file.sizes.len().saturating_mul(block_size);
        let room = left.checked_sub(len.saturating_add(block_size)).filter(|_| len <= MAX_FILE);
        let Some(room) = room else {
            *is_limited = true;
            continue;
        };
        left = room;
        let mut at = file.start;
        for &size in &file.sizes {
            let len = (size & !STORED) as usize;
            if len > 0 {
                pieces.push(Piece { at, size, file: number, part: 0..usize::MAX });
            }
            at = at.saturating_add(len);
        }
        let fragment = usize::try_from(file.fragment).ok().filter(|_| file.fragment != NO_FRAGMENT);
        if let Some(&(at, size)) = fragment.and_then(|nth| fragments.get(nth)) {
            let part = file.offset..file.offset.saturating_add(file.end);
            pieces.push(Piece { at, size, file: number, part });
        }
    }
    pieces.sort_by_key(|piece| piece.at);
    let mut parts: Vec<Vec<(bool, usize, Vec<u8>)>> = files.iter().map(|_| Vec::new()).collect();
    let mut last = (usize::MAX, Vec::new());
    for Piece { at, size, file, part } in pieces {
        if last.0 != at {
            last = (at, image.content(&again.take(at, (size & !STORED) as usize), size));
        }
        let is_end = part.end != usize::MAX;
        let part = part.start..part.end.min(last.1.len());
        let content = last.1.get(part).unwrap_or_default().to_vec();
        if let Some(parts) = parts.get_mut(file) {
            parts.push((is_end, at, content));
        }
    }
    let joined = |mut parts: Vec<(bool, usize, Vec<u8>)>| {
        parts.sort_by_key(|&(is_end, at, _)| (is_end, at));
        parts.into_iter().flat_map(|(_, _, content)| content).collect()
    };
    files.iter().zip(parts).map(|((path, _), parts)| (path.clone(), joined(parts))).collect()
}

impl Inode {
    /// Returns the directory that an inode of the kind `kind` describes.
    pub(super) fn directory(inode: &[u8], is_extended: bool) -> Option<Self> {
        let (len, block, offset) = if is_extended {
            (u32_at(inode, 20)?, u32_at(inode, 24)?, u16_at(inode, 34)?)
        } else {
            (u32::from(u16_at(inode, 24)?), u32_at(inode, 16)?, u16_at(inode, 26)?)
        };
        // The size counts the entries `.` and `..`, which are not there.
        let len = (len as usize).saturating_sub(3);
        Some(Self::Directory { block: block as usize, offset: usize::from(offset), len })
    }
}
