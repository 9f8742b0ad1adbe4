//! Where the objects of a pack lie and what they are made from: what a later round needs to know.

use std::collections::HashMap;

/// The row of an object, in the order of the pack.
pub(super) type Row = u32;

/// What an object is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Nothing: it is stored whole.
    Itself,
    /// The object of that row.
    Row(Row),
    /// An object that is not known.
    Unknown,
}

const ITSELF: Row = Row::MAX;
const UNKNOWN: Row = Row::MAX - 1;

/// The rows, up to a limit.
#[derive(Debug)]
pub(super) struct Table {
    limit: usize,
    /// The end of the last row's entry.
    end: u64,
    offsets: Vec<u64>,
    /// First halves of ids; zero where not known.
    keys: Vec<u64>,
    bases: Vec<Row>,
    /// Deltas whose base is known by its id only.
    references: HashMap<u64, Vec<Row>>,
}

impl Table {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.min(UNKNOWN as usize);
        Self {
            limit,
            end: 0,
            offsets: Vec::new(),
            keys: Vec::new(),
            bases: Vec::new(),
            references: HashMap::new(),
        }
    }

    /// Adds the next object; none where the limit is reached.
    pub(super) fn add(&mut self, offset: u64) -> Option<Row> {
        if self.offsets.len() >= self.limit {
            return None;
        }
        let row = Row::try_from(self.offsets.len()).ok()?;
        self.offsets.push(offset);
        self.keys.push(0);
        self.bases.push(ITSELF);
        Some(row)
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    pub(super) fn offset(&self, row: Row) -> u64 {
        self.offsets.get(row as usize).copied().unwrap_or_default()
    }

    /// How many bytes its entry takes.
    pub(super) fn len_of(&self, row: Row) -> usize {
        let end = self.offsets.get(row as usize + 1).copied().unwrap_or(self.end);
        usize::try_from(end.saturating_sub(self.offset(row))).unwrap_or(usize::MAX)
    }

    /// Says where the last object of which there is a row ends, if nothing is known of the next one.
    pub(super) fn set_end(&mut self, end: u64) {
        self.end = end;
    }

    pub(super) fn row_at(&self, offset: u64) -> Option<Row> {
        let found = self.offsets.binary_search(&offset).ok()?;
        Row::try_from(found).ok()
    }

    pub(super) fn from(&self, row: Row) -> From {
        match self.bases.get(row as usize) {
            Some(&ITSELF) => From::Itself,
            Some(&UNKNOWN) | None => From::Unknown,
            Some(&base) => From::Row(base),
        }
    }

    /// Says that an object is a delta of the one at that offset, which lies in front of it.
    pub(super) fn set_base(&mut self, row: Row, offset: Option<u64>) {
        let base = offset.and_then(|offset| self.row_at(offset)).unwrap_or(UNKNOWN);
        if let Some(slot) = self.bases.get_mut(row as usize) {
            *slot = base;
        }
    }

    /// Says that an object is a delta of one that is known by its id only.
    pub(super) fn set_reference(&mut self, row: Row, key: u64) {
        self.set_base(row, None);
        self.references.entry(key).or_default().push(row);
    }

    /// Says that an object cannot be made.
    pub(super) fn forget(&mut self, row: Row) {
        self.set_base(row, None);
    }

    pub(super) fn set_key(&mut self, row: Row, key: u64) {
        if let Some(slot) = self.keys.get_mut(row as usize) {
            *slot = key;
        }
    }

    /// Looks for the bases that are known by their ids, among the objects whose ids are known by now.
    pub(super) fn link(&mut self) {
        if self.references.is_empty() {
            return;
        }
        let mut links = Vec::new();
        for (base, key) in self.keys.iter().enumerate() {
            if *key != 0
                && let Some(rows) = self.references.remove(key)
                && let Ok(base) = Row::try_from(base)
            {
                links.extend(rows.into_iter().map(|row| (row, base)));
            }
        }
        for (row, base) in links {
            if let Some(slot) = self.bases.get_mut(row as usize) {
                *slot = base;
            }
        }
    }
}
