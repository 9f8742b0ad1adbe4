//! Images that are too large to be held in memory. The tables lie behind the data, so the data is read again, in order
//! of place.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};

use super::super::again::Again;
use super::{
    File, Header, Image, Joined, MAX_WHOLE, NO_FRAGMENT, STORED, enter, enter_reader, files, places, take,
    too_large, unread,
};
use crate::detect::StepKind;
use crate::stream::hold_memory;
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The memory for the tables, as stored and decoded, and for what is known of the files.
const MEMORY: u64 = 4 * MAX_WHOLE;
/// The number of bytes on one side of the border between the blocks of a file and its end that are kept until the
/// other side is read: more than the shortest token.
const SIDE: usize = 128;
/// The largest number of such sides.
const MAX_SIDES: usize = 1 << 16;

/// Reads an image that begins at `start` and of which `bytes` were read.
pub(super) fn open(level: &mut Level<'_, '_>, header: Header, start: u64, bytes: Vec<u8>, raw: &mut Raw<'_>) {
    let step = StepKind::Compression(header.compression);
    if !level.is_file() || level.origin.reread.is_none() {
        return too_large(level, step, "a squashfs image that cannot be read twice", MAX_WHOLE);
    }
    let held = match hold_memory(MEMORY, "a squashfs image") {
        Ok(held) => held,
        Err(error) => return level.failed(step, &error),
    };
    let tables = tables(header, bytes, raw);
    if tables.len() as u64 > MAX_WHOLE {
        return too_large(level, step, "the tables of a squashfs image", MAX_WHOLE);
    }
    let image = Image { header, bytes: &tables, base: header.inodes };
    let inodes = image.table(header.inodes, header.directories);
    let directories = image.table(header.directories, header.fragments);
    enter(level, header.compression, &inodes);
    let data = Data::new(image, files(&inodes, header).collect());
    let mut again = match Again::open(level, start) {
        Ok(again) => again,
        Err(error) => return unread(level, step, &error),
    };
    let contents = Contents { data, again: &mut again, next: 0, now: Now::Between, sides: HashMap::new() };
    enter_reader(level, step.clone(), Joined::new([directories].into_iter().chain(contents)));
    if let Some(error) = again.error {
        unread(level, step, &error);
    }
    places::open(level, image, &inodes, |level| Again::open(level, start));
    drop(held);
}

/// Returns the tables, which begin with the inodes. They are too long if there are more bytes than allowed.
fn tables(header: Header, mut bytes: Vec<u8>, raw: &mut Raw<'_>) -> Vec<u8> {
    let ahead = header.inodes.saturating_sub(bytes.len());
    bytes.drain(..header.inodes.min(bytes.len()));
    // A reader's error is reported by the reader of the enclosing content.
    let _ = io::copy(&mut raw.take(ahead as u64), &mut io::sink());
    let room = (MAX_WHOLE + 1).saturating_sub(bytes.len() as u64);
    bytes.extend(take(raw, room));
    bytes
}

/// The parts of the image's data, in order of offset.
struct Data<'a> {
    image: Image<'a>,
    files: Vec<File>,
    /// The numbers of the files that end in a fragment, in order of fragment.
    ends: Vec<usize>,
    places: Vec<Place>,
}

/// A part of the data.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    /// The blocks of a file, by its number.
    File(usize),
    /// A fragment, by its number, and its size.
    Fragment(u32, u32),
}

impl<'a> Data<'a> {
    fn new(image: Image<'a>, files: Vec<File>) -> Self {
        // Equal files share their blocks and their ends.
        let mut seen = HashSet::new();
        let mut places: Vec<Place> = Vec::new();
        for (number, file) in files.iter().enumerate() {
            if !file.sizes.is_empty() && seen.insert(file.start) {
                places.push(Place { at: file.start, part: Part::File(number) });
            }
        }
        let fragments = (0..).zip(image.fragments());
        places.extend(fragments.map(|(number, (at, size))| Place { at, part: Part::Fragment(number, size) }));
        places.sort_by_key(|place| place.at);
        let key = |&number: &usize| {
            files
                .get(number)
                .map(|file| (file.fragment, file.offset, file.end, !file.sizes.is_empty(), file.start))
        };
        let mut ends: Vec<usize> = (0..files.len()).collect();
        ends.retain(|&number| files.get(number).is_some_and(|file| file.fragment != NO_FRAGMENT));
        ends.sort_by_key(key);
        ends.dedup_by_key(|number| key(number));
        Self { image, files, ends, places }
    }
}

/// The contents of blocks and of ends of files, in order of offset.
struct Contents<'a, 'f> {
    data: Data<'a>,
    again: &'a mut Again<'f>,
    /// The next place.
    next: usize,
    now: Now,
    /// For files whose blocks and end are apart: what was read of one side of the border.
    sides: HashMap<usize, Vec<u8>>,
}

/// The part that is being read.
enum Now {
    Between,
    /// The blocks of a file: its number, the number of the next block, and the offset of that.
    File(usize, usize, usize),
    /// The ends of files in a fragment: its number, its content, and the index of the next end.
    Fragment(u32, Vec<u8>, usize),
}

impl Iterator for Contents<'_, '_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            match std::mem::replace(&mut self.now, Now::Between) {
                Now::Between => {
                    let Place { at, part } = *self.data.places.get(self.next)?;
                    self.next += 1;
                    self.now = match part {
                        Part::File(number) => Now::File(number, 0, at),
                        Part::Fragment(number, size) => {
                            let content = self.block(at, size);
                            let fragment = |&end: &usize| self.data.files.get(end).map(|file| file.fragment);
                            let first = self.data.ends.partition_point(|end| fragment(end) < Some(number));
                            Now::Fragment(number, content, first)
                        }
                    };
                }
                Now::File(number, nth, at) => {
                    let file = self.data.files.get(number)?;
                    let Some(&size) = file.sizes.get(nth) else { continue };
                    let is_last = nth + 1 == file.sizes.len();
                    let mut content = self.block(at, size);
                    if is_last {
                        self.end(number, &mut content);
                    }
                    self.now = Now::File(number, nth + 1, at.saturating_add((size & !STORED) as usize));
                    return Some(content);
                }
                Now::Fragment(number, content, next) => {
                    let end = self.data.ends.get(next).copied();
                    let file = end.and_then(|end| self.data.files.get(end));
                    let (Some(end), Some(file)) = (end, file.filter(|file| file.fragment == number)) else {
                        continue;
                    };
                    let part =
                        content.get(file.offset..file.offset.saturating_add(file.end)).unwrap_or_default();
                    let part = self.with_blocks(end, part);
                    self.now = Now::Fragment(number, content, next + 1);
                    return Some(part);
                }
            }
        }
    }
}

impl Contents<'_, '_> {
    fn block(&mut self, at: usize, size: u32) -> Vec<u8> {
        let block = self.again.take(at, (size & !STORED) as usize);
        self.data.image.content(&block, size)
    }

    /// Appends what follows the last block of a file: the start of its end if that was read, and a line break.
    fn end(&mut self, number: usize, content: &mut Vec<u8>) {
        match self.sides.remove(&number) {
            Some(end) => content.extend(end),
            None if self.data.files.get(number).is_some_and(|file| file.fragment != NO_FRAGMENT) => {
                let from = content.len().saturating_sub(SIDE);
                self.keep(number, content.get(from..).unwrap_or_default());
            }
            None => {}
        }
        content.push(b'\n');
    }

    /// Returns the end of a file, behind the end of its last block if that was read, and a line break.
    fn with_blocks(&mut self, number: usize, end: &[u8]) -> Vec<u8> {
        let mut whole = self.sides.remove(&number).unwrap_or_default();
        let has_blocks = self.data.files.get(number).is_some_and(|file| !file.sizes.is_empty());
        if whole.is_empty() && has_blocks {
            self.keep(number, end.get(..SIDE).unwrap_or(end));
        }
        whole.extend(end);
        whole.push(b'\n');
        whole
    }

    fn keep(&mut self, number: usize, side: &[u8]) {
        if self.sides.len() < MAX_SIDES {
            self.sides.insert(number, side.to_vec());
        }
    }
}
