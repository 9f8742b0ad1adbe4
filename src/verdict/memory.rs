//! Verdicts that are kept in memory for the targets of one run, in front of a store that lasts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{Entry, Store, Stored, Version};
use crate::digest::Digest;

/// The maximum total size of the kept verdicts.
const MAX: usize = 32 << 20;

/// A store that ends with the program. Another store has what it has not.
#[derive(Debug, Default)]
pub(crate) struct InMemory {
    kept: Mutex<Kept>,
    lasting: Option<Arc<dyn Store>>,
}

#[derive(Debug, Default)]
struct Kept {
    values: BTreeMap<Digest, Vec<u8>>,
    bytes: usize,
}

impl InMemory {
    /// Creates an empty store in front of one that lasts, if there is one.
    pub(crate) fn before(lasting: Option<Arc<dyn Store>>) -> Self {
        Self { lasting, ..Self::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for InMemory {
    fn get(&self, version: Version, digests: &[Digest]) -> BTreeMap<Digest, Stored> {
        let mut found = BTreeMap::new();
        {
            let kept = self.kept();
            for digest in digests {
                if let Some(value) = kept.values.get(digest) {
                    found.insert(*digest, Stored { value: value.clone(), is_stale: false });
                }
            }
        }
        if let Some(lasting) = &self.lasting {
            let others: Vec<Digest> =
                digests.iter().filter(|digest| !found.contains_key(digest)).copied().collect();
            found.extend(lasting.get(version, &others));
        }
        found
    }

    fn put(&self, version: Version, entries: &[Entry], used: &[Digest]) {
        if let Some(lasting) = &self.lasting {
            lasting.put(version, entries, used);
        }
        let mut kept = self.kept();
        for Entry { digest, value, replaces } in entries {
            let old = kept.values.get(digest).map(Vec::len);
            let bytes = kept.bytes - old.unwrap_or_default() + value.len();
            if bytes <= MAX && (*replaces || old.is_none()) {
                kept.bytes = bytes;
                kept.values.insert(*digest, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        const ANY: Version = Version(1);
        let lasting: Arc<dyn Store> = Arc::new(InMemory::default());
        let store = InMemory::before(Some(Arc::clone(&lasting)));
        let entry = |n: u8, len: usize, replaces| Entry {
            digest: Digest::from_bytes([n; 32]),
            value: vec![n; len],
            replaces,
        };
        lasting.put(ANY, &[entry(3, 5, false)], &[]);
        store.put(ANY, &[entry(1, 10, false), entry(1, 20, false), entry(2, MAX, false)], &[]);
        let digests = [1, 2].map(|n| Digest::from_bytes([n; 32]));
        let len = || store.get(ANY, &digests).values().map(|stored| stored.value.len()).collect::<Vec<_>>();
        assert_eq!(len(), [10]);
        store.put(ANY, &[entry(1, 20, true), entry(2, MAX - 25, false)], &[]);
        assert_eq!(len(), [20, MAX - 25]);
        let found = store.get(ANY, &[3, 4].map(|n| Digest::from_bytes([n; 32])));
        assert_eq!(found.values().map(|stored| stored.value.len()).collect::<Vec<_>>(), [5]);
    }
}
