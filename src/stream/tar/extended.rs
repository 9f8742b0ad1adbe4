//! Extended headers, which amend the next header block. They are read as Go's `archive/tar` reads them.

use super::header::{Header, Kind};
use super::number::{decimal, until_nul};
use super::{Entry, EntryKind, Extent, path};
use crate::stream::sparse::SparseMap;

/// The reason why Go refuses an extended header with a record that is not of the form `LENGTH KEY=VALUE\n`.
const BAD_RECORD: &str = "has a malformed pax record";
const BAD_MAP: &str = "has an invalid map of a sparse file";

/// The data from extended headers about the next entry.
#[derive(Debug, Default)]
pub(super) struct Extended {
    /// GNU `L`.
    name: Vec<u8>,
    /// GNU `K`.
    link: Vec<u8>,
    /// The last pax header. Earlier ones do not count.
    pax: Pax,
}

/// The records of one pax header that matter here.
#[derive(Debug, Default)]
struct Pax {
    path: Vec<u8>,
    linkpath: Vec<u8>,
    size: Vec<u8>,
    sparse: SparseRecords,
    /// Whether a number or a time of another record is invalid.
    is_invalid: bool,
}

/// The records `GNU.sparse.…`. An absent record is like an empty one.
#[derive(Debug, Default)]
struct SparseRecords {
    major: Vec<u8>,
    minor: Vec<u8>,
    name: Vec<u8>,
    size: Vec<u8>,
    real_size: Vec<u8>,
    num_blocks: Vec<u8>,
    map: Vec<u8>,
    /// The records of version 0.0, one for each number of the map.
    pairs: Vec<u8>,
    numbers: usize,
}

/// An entry as all of its headers describe it.
pub(super) struct Described {
    pub(super) entry: Entry,
    /// Whether the map of the sparse file is in front of the body (pax 1.0).
    pub(super) has_map_in_body: bool,
    /// The reason why Go refuses the entry.
    pub(super) refusal: Option<&'static str>,
}

impl Extended {
    /// Adds an extended header. Returns the reason if Go refuses it.
    pub(super) fn add(&mut self, kind: Kind, body: &[u8]) -> Option<&'static str> {
        match kind {
            Kind::LongName => self.name = until_nul(body).to_vec(),
            Kind::LongLink => self.link = until_nul(body).to_vec(),
            Kind::Pax => {
                let (pax, refusal) = Pax::read(body);
                self.pax = pax;
                return refusal;
            }
            // Engines ignore global names and sizes. For Go, a global header is an entry of its own, to which the
            // extended headers in front of it belong. The bytes are searched like all others.
            Kind::GlobalPax => {
                *self = Self::default();
                return Pax::read(body).1;
            }
            Kind::Entry(_) => {}
        }
        None
    }

    pub(super) fn entry(self, header: Header, kind: EntryKind, after_end: bool) -> Described {
        let Self { name: long_name, link: long_link, pax } = self;
        let mut refusal = pax.is_invalid.then_some("has a pax record that is not a number");
        let chosen =
            |long: Vec<u8>, record: Vec<u8>| [long, record].into_iter().find(|name| !name.is_empty());
        let mut name = chosen(long_name, pax.path).unwrap_or(header.name);
        let link = chosen(long_link, pax.linkpath).or(header.link);
        // V7 has no type for directories, and directories have no body.
        let kind = if header.is_v7_type && name.ends_with(b"/") { EntryKind::Directory } else { kind };
        let has_body = matches!(kind, EntryKind::File | EntryKind::Other) && header.has_body;
        let mut size = if has_body { header.size } else { 0 };
        if !pax.size.is_empty() {
            match decimal(&pax.size).map(u64::try_from) {
                Some(Ok(number)) if has_body => size = number,
                Some(_) if !has_body => {}
                _ => refusal = refusal.or(Some("has a pax record that is not a size")),
            }
        }
        let (mut extent, mut has_map_in_body) = (Extent::Whole, false);
        if let Some(first) = header.sparse {
            extent = Extent::Sparse(first.map);
        } else if let Some(is_in_body) = pax.sparse.is_map_in_body() {
            if !pax.sparse.name.is_empty() {
                name.clone_from(&pax.sparse.name);
            }
            let (map, is_valid) = pax.sparse.map(size, is_in_body);
            if has_body {
                extent = Extent::Sparse(map);
                has_map_in_body = is_in_body;
            }
            if !is_valid || !has_body {
                refusal = refusal.or(Some(BAD_MAP));
            }
        }
        let entry = Entry {
            path: path::normalise(&name),
            odd_name: path::is_odd(&name),
            kind,
            link: matches!(kind, EntryKind::HardLink | EntryKind::Symlink).then_some(link).flatten(),
            size,
            body_offset: 0,
            after_end,
            extent,
        };
        Described { entry, has_map_in_body, refusal }
    }
}

impl Pax {
    /// Reads the records of one header, as far as they are well-formed. Also returns the reason if Go refuses
    /// the header.
    fn read(body: &[u8]) -> (Self, Option<&'static str>) {
        let mut pax = Self::default();
        let mut rest = body;
        while !rest.is_empty() {
            let Some(((key, value), behind)) = record(rest) else { return (pax, Some(BAD_RECORD)) };
            rest = behind;
            // Such names would end at the NUL elsewhere.
            let text = if matches!(key, b"path" | b"linkpath" | b"uname" | b"gname") { value } else { key };
            if key.is_empty() || text.contains(&0) {
                return (pax, Some(BAD_RECORD));
            }
            if !pax.add(key, value) {
                return (pax, Some(BAD_MAP));
            }
        }
        (pax, None)
    }

    /// Adds a record. Returns false if it breaks the order of a sparse map.
    fn add(&mut self, key: &[u8], value: &[u8]) -> bool {
        let field = match key {
            b"path" => &mut self.path,
            b"linkpath" => &mut self.linkpath,
            b"size" => &mut self.size,
            b"uid" | b"gid" => {
                self.is_invalid |= !value.is_empty() && decimal(value).is_none();
                return true;
            }
            b"atime" | b"ctime" | b"mtime" => {
                self.is_invalid |= !value.is_empty() && !is_time(value);
                return true;
            }
            _ => match key.strip_prefix(b"GNU.sparse.") {
                Some(key) => return self.sparse.add(key, value),
                None => return true,
            },
        };
        value.clone_into(field);
        true
    }
}

impl SparseRecords {
    fn add(&mut self, key: &[u8], value: &[u8]) -> bool {
        let field = match key {
            b"major" => &mut self.major,
            b"minor" => &mut self.minor,
            b"name" => &mut self.name,
            b"size" => &mut self.size,
            b"realsize" => &mut self.real_size,
            b"numblocks" => &mut self.num_blocks,
            b"map" => &mut self.map,
            b"offset" | b"numbytes" => {
                let is_offset = key == b"offset";
                if is_offset != self.numbers.is_multiple_of(2) || value.contains(&b',') {
                    return false;
                }
                if self.numbers > 0 {
                    self.pairs.push(b',');
                }
                self.pairs.extend_from_slice(value);
                self.numbers += 1;
                return true;
            }
            _ => return true,
        };
        value.clone_into(field);
        true
    }

    fn text(&self) -> &[u8] {
        if self.numbers > 0 { &self.pairs } else { &self.map }
    }

    /// Returns whether the map is in the body, or `None` if the file is not sparse. Version 1.0 has its map in
    /// the body. Versions 0.0 and 0.1 have it in records and need not state their version. With any other
    /// version the file is an ordinary file.
    fn is_map_in_body(&self) -> Option<bool> {
        match (&self.major[..], &self.minor[..]) {
            (b"0", b"0" | b"1") => Some(false),
            (b"1", b"0") => Some(true),
            (b"", b"") if !self.text().is_empty() => Some(false),
            _ => None,
        }
    }

    /// Returns the map as far as it is in records, and whether it is valid. `stored` is the length of the body.
    fn map(&self, stored: u64, is_in_body: bool) -> (SparseMap, bool) {
        let mut map = SparseMap::default();
        let size = if self.size.is_empty() { &self.real_size } else { &self.size };
        let number = |value: &[u8]| u64::try_from(decimal(value)?).ok();
        let mut is_valid = true;
        if size.is_empty() {
            map.set_size(stored);
        } else {
            match number(size) {
                Some(size) => map.set_size(size),
                None => is_valid = false,
            }
        }
        if is_in_body {
            return (map, is_valid);
        }
        let mut count = 0;
        let text = self.text();
        let mut numbers = text.split(|&b| b == b',').filter(|_| !text.is_empty());
        while let Some(offset) = numbers.next() {
            let (Some(offset), Some(len)) = (number(offset), numbers.next().and_then(number)) else {
                is_valid = false;
                break;
            };
            map.add(offset, len);
            count += 1;
        }
        (map, is_valid && number(&self.num_blocks) == Some(count))
    }
}

/// Returns true for a time in seconds, with or without a fraction.
fn is_time(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |&b| b == b'.');
    parts.next().and_then(decimal).is_some()
        && parts.next().unwrap_or_default().iter().all(u8::is_ascii_digit)
}

/// The key and the value of a pax record.
type Record<'a> = (&'a [u8], &'a [u8]);

/// Returns the first record of a pax extended header, and the bytes after it:
/// `LENGTH KEY=VALUE\n`. The length includes its own digits. Values may hold any byte, including newlines.
fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let blank = memchr::memchr(b' ', bytes)?;
    let len = usize::try_from(decimal(bytes.get(..blank)?)?).ok().filter(|&len| len >= 5)?;
    let record = bytes.get(blank + 1..len)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some(((record.get(..equals)?, record.get(equals + 1..)?), bytes.get(len..)?))
}

/// Returns the records of a pax extended header, up to the first malformed one.
pub(super) fn records(body: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (pair, behind) = record(rest)?;
        rest = behind;
        Some(pair)
    })
}
