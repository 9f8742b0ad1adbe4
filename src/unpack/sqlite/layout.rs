//! The files in which pages of a database lie: the database itself, its write-ahead log (`-wal`), and its
//! rollback journal (`-journal`). Logs and journals hold a page as often as it was written, in any order.

/// The start of a database.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The length of the part of a database's header that determines the page size.
const HEADER: usize = 21;
/// The first bytes of a log, but for the lowest bit, and the length of its header.
const WAL: u32 = 0x377f_0682;
const WAL_HEADER: usize = 32;
/// The first bytes of a journal, and the length of the used part of its header.
const JOURNAL: &[u8] = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
const JOURNAL_HEADER: usize = 28;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Database,
    Log,
    Journal,
}

/// The sizes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    pub(super) page_size: usize,
    /// The number of bytes of a page that are in use. Extensions may reserve some bytes at its end.
    pub(super) usable: usize,
}

impl Layout {
    /// Returns the sizes in a file that begins with these bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(MAGIC) {
            return Self::of_database(head);
        }
        let kind = if number(head, 0)? & !1 == WAL {
            Kind::Log
        } else {
            head.starts_with(JOURNAL).then_some(Kind::Journal)?
        };
        let page_size = usize::try_from(number(head, if kind == Kind::Log { 8 } else { 24 })?).ok()?;
        let layout = Self { kind, page_size, usable: page_size };
        let is_journal = kind == Kind::Journal;
        let valid = is_page_size(page_size) && (!is_journal || Segment::read(head, page_size).is_some());
        valid.then_some(layout)
    }

    fn of_database(head: &[u8]) -> Option<Self> {
        let header = head.get(..HEADER)?;
        let page_size = match header.get(16..18)? {
            [0, 1] => 65536,
            [high, low] => usize::from(*high) << 8 | usize::from(*low),
            _ => return None,
        };
        let usable = page_size.checked_sub(usize::from(*header.get(20)?))?;
        let valid = is_page_size(page_size) && usable >= 480;
        valid.then_some(Self { kind: Kind::Database, page_size, usable })
    }

    /// Returns the length of the header before the first page.
    pub(super) fn header(self) -> usize {
        match self.kind {
            Kind::Database => 0,
            Kind::Log => WAL_HEADER,
            Kind::Journal => JOURNAL_HEADER,
        }
    }

    /// Returns the numbers of bytes before and behind each page. The first four are the page's number.
    pub(super) fn around(self) -> (usize, usize) {
        match self.kind {
            Kind::Database => (0, 0),
            Kind::Log => (24, 0),
            Kind::Journal => (4, 4),
        }
    }
}

fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=65536).contains(&size)
}

/// A part of a journal with a header of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of its pages. If it is not known, the journal ends with them.
    pub(super) pages: Option<u32>,
    /// The size of the sectors that headers begin at and fill.
    pub(super) sector: u64,
}

impl Segment {
    /// Reads the header of a segment.
    pub(super) fn read(header: &[u8], page_size: usize) -> Option<Self> {
        let pages = number(header, 8).filter(|_| header.starts_with(JOURNAL))?;
        let sector =
            number(header, 20).filter(|size| size.is_power_of_two() && (32..=65536).contains(size))?;
        let is_same = usize::try_from(number(header, 24)?).is_ok_and(|size| size == page_size);
        let pages = Some(pages).filter(|pages| !matches!(pages, 0 | &u32::MAX));
        is_same.then_some(Self { pages, sector: u64::from(sector) })
    }

    /// Returns the number of bytes from the end of the header's used part to the first page.
    pub(super) fn padding(self) -> u64 {
        self.sector.saturating_sub(JOURNAL_HEADER as u64)
    }
}

/// Reads a number of four bytes.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
