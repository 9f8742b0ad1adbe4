//! The tables of the file: values by key, and the last use of each value.

use redb::{Database, Durability, ReadableTable, ReadableTableMetadata, TableDefinition, TableError};

use super::database::{Either, failed};
use super::entry::{Key, is_of};
use super::{Failed, Held};
use crate::verdict::store::{Entry, Version};

/// Sealed values.
const VALUES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("values");
/// The last use and the weight of each value.
const USES: TableDefinition<'_, &[u8], (u64, u64)> = TableDefinition::new("uses");

/// The size of a page. A value takes whole pages, rounded up to a power of two.
const PAGE: u64 = 4096;

/// Returns the approximate size in the file of an entry with `len` bytes.
pub(super) fn weight(len: usize) -> u64 {
    (len as u64).saturating_add(256).max(PAGE).checked_next_power_of_two().unwrap_or(u64::MAX)
}

/// The changes to write.
pub(super) struct Change<'a> {
    pub(super) version: Version,
    pub(super) entries: Vec<&'a Entry>,
    pub(super) used: Vec<Key>,
    pub(super) now: u64,
    pub(super) bound: u64,
}

/// Reads the values of these keys, up to `room` bytes in total, each with its last use.
pub(super) fn read(
    database: &Either,
    keys: &[Key],
    mut room: usize,
) -> Result<Vec<(Key, Vec<u8>, u64)>, Failed> {
    let transaction = database.begin_read()?;
    let (values, uses) = match (transaction.open_table(VALUES), transaction.open_table(USES)) {
        (Err(TableError::TableDoesNotExist(_)), _) | (_, Err(TableError::TableDoesNotExist(_))) => {
            return Ok(Vec::new());
        }
        (values, uses) => (values.map_err(failed)?, uses.map_err(failed)?),
    };
    let mut found = Vec::new();
    for key in keys {
        let Some(sealed) = values.get(key.bytes()).map_err(failed)? else { continue };
        let value = key.unseal(sealed.value()).ok_or(Failed::Broken)?;
        let Some(left) = room.checked_sub(value.len()) else { continue };
        room = left;
        let used = uses.get(key.bytes()).map_err(failed)?.map_or(0, |used| used.value().0);
        found.push((*key, value.to_vec(), used));
    }
    Ok(found)
}

/// Writes the changes in one transaction and removes surplus entries.
pub(super) fn write(database: &Database, change: &Change<'_>) -> Result<(), Failed> {
    let mut transaction = database.begin_write().map_err(failed)?;
    transaction.set_durability(Durability::Immediate).map_err(failed)?;
    {
        let mut values = transaction.open_table(VALUES).map_err(failed)?;
        let mut uses = transaction.open_table(USES).map_err(failed)?;
        if values.len().map_err(failed)? != uses.len().map_err(failed)? {
            return Err(Failed::Broken);
        }
        for key in &change.used {
            let known = uses.get(key.bytes()).map_err(failed)?.map(|known| known.value());
            if let Some((_, weight)) = known {
                uses.insert(key.bytes(), (change.now, weight)).map_err(failed)?;
            }
        }
        for entry in &change.entries {
            let key = Key::new(change.version, entry.digest);
            let is_there = !entry.replaces && {
                let there = values.get(key.bytes()).map_err(failed)?;
                there.is_some_and(|sealed| key.unseal(sealed.value()).is_some())
            };
            if !is_there {
                values.insert(key.bytes(), key.seal(&entry.value).as_slice()).map_err(failed)?;
            }
            uses.insert(key.bytes(), (change.now, weight(entry.value.len()))).map_err(failed)?;
        }
        for key in surplus(&uses, change)? {
            values.remove(key.as_slice()).map_err(failed)?;
            uses.remove(key.as_slice()).map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)
}

/// Returns the entries to remove: first those of other versions, then the least recently used.
fn surplus(
    uses: &impl ReadableTable<&'static [u8], (u64, u64)>,
    change: &Change<'_>,
) -> Result<Vec<Vec<u8>>, Failed> {
    let mut all = Vec::new();
    let mut total: u64 = 0;
    for row in uses.iter().map_err(failed)? {
        let (key, used) = row.map_err(failed)?;
        let (used, weight) = used.value();
        total = total.saturating_add(weight);
        all.push((is_of(change.version, key.value()), used, key.value().to_vec(), weight));
    }
    all.sort();
    let mut gone = Vec::new();
    for (_, _, key, weight) in all {
        if total <= change.bound {
            break;
        }
        total = total.saturating_sub(weight);
        gone.push(key);
    }
    Ok(gone)
}

/// Counts the entries.
pub(super) fn count(database: &Either, version: Version) -> Result<Held, Failed> {
    let transaction = database.begin_read()?;
    let uses = match transaction.open_table(USES) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Held::default()),
        uses => uses.map_err(failed)?,
    };
    let mut held = Held::default();
    for row in uses.iter().map_err(failed)? {
        let (key, _) = row.map_err(failed)?;
        let count = if is_of(version, key.value()) { &mut held.entries } else { &mut held.outdated };
        *count += 1;
    }
    Ok(held)
}
