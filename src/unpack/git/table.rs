//! The location and the base of each object in a pack, as later rounds need them.

/// The row of an object, in pack order.
pub(super) type Row = u32;

/// The base of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// No base: the object is stored in full.
    Itself,
    /// The object in this row.
    Row(Row),
    /// An unknown object.
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
    /// The first halves of object IDs; zero if unknown.
    keys: Vec<u64>,
    bases: Vec<Row>,
    /// Bases known by ID only: the key of each base and the row of its delta.
    references: Vec<(u64, Row)>,
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
            references: Vec::new(),
        }
    }

    /// Adds the next object. Returns `None` if the limit is reached.
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

    /// Returns the length of an entry in bytes.
    pub(super) fn len_of(&self, row: Row) -> usize {
        let end = self.offsets.get(row as usize + 1).copied().unwrap_or(self.end);
        usize::try_from(end.saturating_sub(self.offset(row))).unwrap_or(usize::MAX)
    }

    /// Sets the end of the last object that has a row, for the case that the next object has none.
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

    /// Records that an object is a delta of the one at `offset`, which is earlier in the pack.
    pub(super) fn set_base(&mut self, row: Row, offset: Option<u64>) {
        let base = offset.and_then(|offset| self.row_at(offset)).unwrap_or(UNKNOWN);
        if let Some(slot) = self.bases.get_mut(row as usize) {
            *slot = base;
        }
    }

    /// Records that an object is a delta of one that is known by its ID only.
    pub(super) fn set_reference(&mut self, row: Row, key: u64) {
        self.set_base(row, None);
        self.references.push((key, row));
    }

    /// Records that an object cannot be decoded.
    pub(super) fn forget(&mut self, row: Row) {
        self.set_base(row, None);
    }

    pub(super) fn set_key(&mut self, row: Row, key: u64) {
        if let Some(slot) = self.keys.get_mut(row as usize) {
            *slot = key;
        }
    }

    /// Looks up bases that are known by their IDs among the objects whose IDs are known by now.
    pub(super) fn link(&mut self) {
        if self.references.is_empty() {
            return;
        }
        self.references.sort_unstable();
        for (base, key) in (0..).zip(&self.keys) {
            let from = self.references.partition_point(|(wanted, _)| wanted < key);
            let of_it = self.references.get(from..).unwrap_or_default().iter();
            let of_it = of_it.take_while(|(wanted, _)| wanted == key && *key != 0);
            // An object that occurs several times counts once.
            let is_linked = |row: &Row| self.bases.get(*row as usize) != Some(&UNKNOWN);
            if of_it.clone().next().is_none_or(|(_, row)| is_linked(row)) {
                continue;
            }
            for (_, row) in of_it {
                if let Some(slot) = self.bases.get_mut(*row as usize) {
                    *slot = base;
                }
            }
        }
        self.references.retain(|(_, row)| self.bases.get(*row as usize) == Some(&UNKNOWN));
    }
}
