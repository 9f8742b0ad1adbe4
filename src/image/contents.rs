//! The table of contents of a layer whose files can be fetched one by one: eStargz (stargz-snapshotter, `docs/estargz.md`)
//! and zstd:chunked (containers/storage, `pkg/chunked`).

use std::io::{self, Cursor, Read};
use std::ops::Range;

use serde::Deserialize;

use crate::stream::path::normalise;
use crate::stream::{Decompressed, Window};

/// The annotation of an eStargz layer. The place of the table is in its last bytes.
const STARGZ: &str = "containerd.io/snapshot/stargz/toc.digest";
/// The annotation of a zstd:chunked layer, now and formerly: the offset of the table, its stored length, its length and its
/// type.
const CHUNKED: [&str; 2] =
    ["io.github.containers.zstd-chunked.manifest-position", "io.containers.zstd-chunked.manifest-position"];
/// The length of the last bytes of an eStargz layer that hold the place of its table.
const FOOTER: u64 = 64;
/// The name of the table in the tar archive that holds it.
const IN_TAR: &[u8] = b"stargz.index.json";
/// The maximum sizes of a table, as stored and decompressed. Larger ones are not read.
const MAX_STORED: u64 = 8 << 20;
const MAX_TABLE: u64 = 32 << 20;
/// The maximum size of a file that is fetched by itself.
const MAX_FILE: u64 = 64 << 10;
/// The bytes that compression adds at most to a file of this size.
const OVERHEAD: u64 = 4 << 10;

/// The place of a table of contents, as a manifest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TableOfContents {
    /// The last bytes of the layer tell the place.
    AtEnd,
    /// The table has these bytes of the layer.
    At(Range<u64>),
}

/// A small file in a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The normalised path.
    pub(crate) path: Vec<u8>,
    /// The bytes of the layer to fetch. A compressed stream with the file begins there.
    pub(crate) range: Range<u64>,
    /// The number of decompressed bytes in front of the file.
    skip: u64,
    size: u64,
}

impl TableOfContents {
    /// Returns the place that the annotations of a layer tell.
    pub(super) fn of<'a>(annotation: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let Some(position) = CHUNKED.into_iter().find_map(&annotation) else {
            return annotation(STARGZ).map(|_| Self::AtEnd);
        };
        let mut numbers = position.split(':').map(str::parse::<u64>);
        let (offset, len) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self::At(offset..offset.checked_add(len)?))
    }

    /// Returns the bytes that hold the place of the table, or the table itself, in a layer of this size.
    pub(crate) fn first_range(&self, size: u64) -> Range<u64> {
        match self {
            Self::AtEnd => size.saturating_sub(FOOTER)..size,
            Self::At(range) => range.clone(),
        }
    }

    /// Returns the bytes of the table, once the first ones are known.
    pub(crate) fn range(&self, first: &[u8], size: u64) -> Option<Range<u64>> {
        match self {
            Self::AtEnd => {
                let magic = memchr::memmem::rfind(first, b"STARGZ")?;
                let offset = str::from_utf8(first.get(magic.checked_sub(16)?..magic)?).ok()?;
                Some(u64::from_str_radix(offset, 16).ok()?..size)
            }
            Self::At(range) => Some(range.clone()),
        }
        .filter(|range| range.start < range.end && range.end <= size && range.end - range.start <= MAX_STORED)
    }
}

/// Returns the small files of a table at paths that are `wanted`.
///
/// # Errors Returns an error if the table cannot be read.
pub(crate) fn parts(table: &[u8], size: u64, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<Part>> {
    let mut text = Vec::new();
    Decompressed::new(Window::new(Cursor::new(table)))?.take(MAX_TABLE).read_to_end(&mut text)?;
    let json = if text.starts_with(IN_TAR) { text.get(512..).unwrap_or_default() } else { &text[..] };
    let table: Option<Table<'_>> =
        serde_json::Deserializer::from_slice(json).into_iter().next().transpose()?;
    let entries = table.map(|table| table.entries).unwrap_or_default();
    let parts = entries.into_iter().filter_map(|entry| {
        let path = normalise(entry.name.as_bytes());
        let is_small = entry.kind == "reg" && (1..=MAX_FILE).contains(&entry.size);
        if !is_small || entry.inner_offset > MAX_FILE || !wanted(&path) {
            return None;
        }
        let end = entry.offset.checked_add(entry.inner_offset + entry.size + OVERHEAD)?.min(size);
        let range = entry.offset..end;
        (!range.is_empty()).then_some(Part { path, range, skip: entry.inner_offset, size: entry.size })
    });
    Ok(parts.collect())
}

impl Part {
    /// Returns the file, from the fetched bytes.
    ///
    /// # Errors Returns an error if they do not hold it.
    pub(crate) fn read(&self, stored: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Decompressed::new(Window::new(Cursor::new(stored)))?;
        io::copy(&mut (&mut content).take(self.skip), &mut io::sink())?;
        let mut file = Vec::new();
        content.take(self.size).read_to_end(&mut file)?;
        Ok(file)
    }
}

/// The members of a table that are read. Both formats have the same.
#[derive(Deserialize)]
struct Table<'a> {
    #[serde(borrow, default)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow, rename = "type", default)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    offset: u64,
    #[serde(default, rename = "innerOffset")]
    inner_offset: u64,
}
