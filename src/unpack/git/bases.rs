//! Objects that are held because deltas may need them.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gix_object::Kind;

/// Objects by the offset of their entry, limited in total bytes. When space runs out, the object with the
/// lowest priority is dropped, so recently used objects stay longest.
#[derive(Debug)]
pub(super) struct Bases {
    limit: usize,
    held: HashMap<u64, Held>,
    by_priority: BTreeSet<(u64, u64)>,
    by_key: HashMap<u64, u64>,
    bytes: usize,
    clock: u64,
}

/// An object to hold.
pub(super) struct New {
    /// The first half of the object's ID.
    pub(super) key: u64,
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
    pub(super) priority: u64,
    /// The number of deltas that still need the object.
    pub(super) uses: u32,
}

#[derive(Debug)]
struct Held {
    base: Base,
    /// The first half of the object's ID.
    key: u64,
    priority: u64,
    /// The number of deltas that still need the object.
    uses: u32,
}

/// An object that can serve as the base of a delta.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) kind: Kind,
    pub(super) bytes: Rc<Vec<u8>>,
}

/// The memory that an object takes in addition to its bytes.
const OVERHEAD: usize = 200;

impl Bases {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            held: HashMap::new(),
            by_priority: BTreeSet::new(),
            by_key: HashMap::new(),
            bytes: 0,
            clock: 0,
        }
    }

    /// Returns a priority above all earlier ones.
    pub(super) fn latest(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Returns the offset of the object with this key.
    pub(super) fn offset_of(&self, key: u64) -> Option<u64> {
        self.by_key.get(&key).copied()
    }

    pub(super) fn holds(&self, offset: u64) -> bool {
        self.held.contains_key(&offset)
    }

    pub(super) fn get(&self, offset: u64) -> Option<Base> {
        self.held.get(&offset).map(|held| held.base.clone())
    }

    /// Sets the priority of an object.
    pub(super) fn touch(&mut self, offset: u64, priority: u64) {
        if let Some(held) = self.held.get_mut(&offset) {
            self.by_priority.remove(&(held.priority, offset));
            held.priority = priority;
            self.by_priority.insert((priority, offset));
        }
    }

    /// Makes room for `size` bytes by dropping objects of equal or lower priority. The object at `pinned` is
    /// never dropped. Returns false if there is not enough room.
    pub(super) fn make_room(&mut self, size: usize, priority: u64, pinned: Option<u64>) -> bool {
        let pinned_size = pinned.and_then(|offset| self.held.get(&offset)).map_or(0, Held::cost);
        if size.saturating_add(OVERHEAD).saturating_add(pinned_size) > self.limit {
            return false;
        }
        while self.bytes + size + OVERHEAD > self.limit {
            let mut lowest = self.by_priority.iter().filter(|(_, offset)| Some(*offset) != pinned);
            match lowest.next() {
                Some(&(held, offset)) if held <= priority => self.remove(offset),
                _ => return false,
            }
        }
        true
    }

    /// Holds an object if there is room.
    pub(super) fn insert(&mut self, offset: u64, New { key, kind, mut bytes, priority, uses }: New) {
        bytes.shrink_to_fit();
        if !self.make_room(bytes.len(), priority, None) {
            return;
        }
        self.remove(offset);
        let held = Held { base: Base { kind, bytes: Rc::new(bytes) }, key, priority, uses };
        self.bytes += held.cost();
        self.by_priority.insert((priority, offset));
        self.by_key.insert(key, offset);
        self.held.insert(offset, held);
    }

    pub(super) fn remove(&mut self, offset: u64) {
        if let Some(held) = self.held.remove(&offset) {
            self.bytes -= held.cost();
            self.by_priority.remove(&(held.priority, offset));
            if self.by_key.get(&held.key) == Some(&offset) {
                self.by_key.remove(&held.key);
            }
        }
    }

    /// Records that a delta was made from the object. Drops the object if no other delta needs it.
    pub(super) fn used(&mut self, offset: u64, priority: u64) {
        self.touch(offset, priority);
        let left = self.held.get_mut(&offset).map(|held| {
            held.uses = held.uses.saturating_sub(1);
            held.uses
        });
        if left == Some(0) {
            self.remove(offset);
        }
    }

    /// Updates the number of deltas that need each object. Drops objects that no delta needs.
    pub(super) fn plan(&mut self, uses: impl Fn(u64) -> Option<u32>) {
        let offsets: Vec<u64> = self.held.keys().copied().collect();
        for offset in offsets {
            match (uses(offset), self.held.get_mut(&offset)) {
                (Some(uses), Some(held)) => held.uses = uses,
                _ => self.remove(offset),
            }
        }
    }
}

impl Held {
    fn cost(&self) -> usize {
        self.base.bytes.len() + OVERHEAD
    }
}
