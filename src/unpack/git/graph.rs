//! The commits and trees of a layer in compact form, and the path from a commit to a blob.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use gix_hash::ObjectId;
use gix_object::{CommitRefIter, TreeRefIter};

use super::key::key;

/// The maximum length of a path that is reported.
const MAX_PATH: usize = 2048;

/// The memory cost of a commit, a tree, an edge, a child and a name. Each includes the spare capacity of
/// vectors and tables.
const COMMIT: usize = 120;
const TREE: usize = 64;
const EDGE: usize = 6;
const CHILD: usize = 56;
const NAME: usize = 48;

/// The graph of commits and trees. Objects are known by the first half of their IDs. Versions of a tree share
/// most of their entries, so each entry (a name and an object) is stored once, and a tree is a list of
/// numbers.
#[derive(Debug)]
pub(super) struct Graph {
    /// The remaining memory budget in bytes.
    memory: usize,
    commits: Vec<Commit>,
    /// The number of each tree.
    trees: HashMap<u64, u32>,
    /// The start of each tree's list in `edges`. A list ends where the next one starts.
    starts: Vec<u32>,
    /// The lists of all trees, concatenated: numbers of children.
    edges: Vec<u32>,
    children: Vec<Child>,
    /// The number of each child, by a hash of the child.
    child_numbers: HashMap<u64, u32>,
    /// All names, concatenated. `name_ends` holds the end of each.
    names: Vec<u8>,
    name_ends: Vec<u32>,
    name_numbers: HashMap<u64, u32>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Commit {
    /// The committer's time in seconds.
    time: i64,
    id: ObjectId,
    tree: u64,
}

/// An entry of a tree.
#[derive(Debug, Clone, Copy)]
struct Child {
    /// The key of the entry's object.
    key: u64,
    /// The number of its name.
    name: u32,
}

/// The earliest place at which an object appears.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub(super) time: i64,
    pub(super) commit: ObjectId,
    /// The numbers of the names in the path, last component first. `None` if there are too many.
    names: Option<Vec<u32>>,
}

/// The tree and child through which a tree was reached.
#[derive(Debug, Clone, Copy)]
struct Reached {
    from: Option<(u32, u32)>,
}

impl Graph {
    pub(super) fn new(memory: usize) -> Self {
        Self {
            memory,
            commits: Vec::new(),
            trees: HashMap::new(),
            starts: Vec::new(),
            edges: Vec::new(),
            children: Vec::new(),
            child_numbers: HashMap::new(),
            names: Vec::new(),
            name_ends: Vec::new(),
            name_numbers: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.memory.checked_sub(bytes);
        // Once one item does not fit, no later item is accepted. This way the reported names depend on the
        // order only.
        self.memory = left.unwrap_or(0);
        left.is_some()
    }

    pub(super) fn add_commit(&mut self, id: &ObjectId, content: &[u8]) {
        let mut fields = CommitRefIter::from_bytes(content, id.kind());
        let Ok(tree) = fields.tree_id() else { return };
        let time = fields.committer().map_or(i64::MAX, |committer| committer.seconds());
        if self.spend(COMMIT) {
            self.commits.push(Commit { time, id: *id, tree: key(&tree) });
        }
    }

    pub(super) fn add_tree(&mut self, id: &ObjectId, content: &[u8]) {
        if self.trees.contains_key(&key(id)) || !self.spend(TREE) {
            return;
        }
        let (Ok(number), Ok(start)) = (u32::try_from(self.starts.len()), u32::try_from(self.edges.len()))
        else {
            return;
        };
        self.trees.insert(key(id), number);
        self.starts.push(start);
        for entry in TreeRefIter::from_bytes(content, id.kind()).map_while(Result::ok) {
            // The commit of a submodule is in another repository.
            if entry.mode.is_commit() {
                continue;
            }
            let Some(child) = self.child(key(&entry.oid.to_owned()), entry.filename) else { return };
            if !self.spend(EDGE) {
                return;
            }
            self.edges.push(child);
        }
    }

    /// Returns the number of an entry. Returns `None` if there is no room.
    fn child(&mut self, key: u64, name: &[u8]) -> Option<u32> {
        let name = self.name(name)?;
        let hash = self.hasher.hash_one((key, name));
        if let Some(number) = self.child_numbers.get(&hash) {
            return Some(*number);
        }
        let number = u32::try_from(self.children.len()).ok().filter(|_| self.spend(CHILD))?;
        self.children.push(Child { key, name });
        self.child_numbers.insert(hash, number);
        Some(number)
    }

    fn name(&mut self, name: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        if let Some(number) = self.name_numbers.get(&hash) {
            return Some(*number);
        }
        let end = u32::try_from(self.names.len() + name.len()).ok()?;
        let number =
            u32::try_from(self.name_ends.len()).ok().filter(|_| self.spend(NAME + 2 * name.len()))?;
        self.names.extend_from_slice(name);
        self.name_ends.push(end);
        self.name_numbers.insert(hash, number);
        Some(number)
    }

    /// Finds the earliest commit that holds each of the `wanted` blobs and trees, given by the first halves
    /// of their IDs. A wanted commit is found as itself, without names. Commits are visited in order of time,
    /// and each tree is visited once. A tree that holds another tree many times, at every level, therefore
    /// costs no more than its entries.
    pub(super) fn locate(&self, wanted: &HashSet<u64>) -> HashMap<u64, Located> {
        let mut located = HashMap::new();
        if wanted.is_empty() {
            return located;
        }
        let mut order: Vec<&Commit> = self.commits.iter().collect();
        order.sort_by_key(|commit| (commit.time, commit.id));
        let mut reached: Vec<Option<Reached>> = vec![None; self.starts.len()];
        let mut queue = VecDeque::new();
        for commit in order {
            if wanted.contains(&key(&commit.id)) {
                let itself = Located { time: commit.time, commit: commit.id, names: None };
                located.insert(key(&commit.id), itself);
            }
            let Some(&root) = self.trees.get(&commit.tree) else { continue };
            let Some(slot @ None) = reached.get_mut(root as usize) else { continue };
            *slot = Some(Reached { from: None });
            queue.push_back(root);
            if wanted.contains(&commit.tree) {
                let root = Located { time: commit.time, commit: commit.id, names: Some(Vec::new()) };
                located.entry(commit.tree).or_insert(root);
            }
            while let Some(tree) = queue.pop_front() {
                for &number in self.list(tree) {
                    let Some(child) = self.children.get(number as usize) else { continue };
                    if wanted.contains(&child.key) && !located.contains_key(&child.key) {
                        let names = self.names_to(tree, child, &reached);
                        let at = Located { time: commit.time, commit: commit.id, names };
                        located.insert(child.key, at);
                    }
                    if let Some(&below) = self.trees.get(&child.key)
                        && let Some(slot @ None) = reached.get_mut(below as usize)
                    {
                        *slot = Some(Reached { from: Some((tree, number)) });
                        queue.push_back(below);
                    }
                }
            }
        }
        located
    }

    /// Returns the entries of a tree.
    fn list(&self, tree: u32) -> &[u32] {
        let at = |tree: usize| self.starts.get(tree).map_or(self.edges.len(), |start| *start as usize);
        let tree = tree as usize;
        self.edges.get(at(tree)..at(tree + 1)).unwrap_or_default()
    }

    fn names_to(&self, tree: u32, child: &Child, reached: &[Option<Reached>]) -> Option<Vec<u32>> {
        let mut names = vec![child.name];
        let mut tree = tree;
        while let Some(Some(Reached { from: Some((above, number)) })) = reached.get(tree as usize) {
            // Each name takes at least one byte, plus a slash.
            if names.len() > MAX_PATH / 2 {
                return None;
            }
            names.push(self.children.get(*number as usize)?.name);
            tree = *above;
        }
        Some(names)
    }

    /// Returns the path within the commit. Returns `None` if it is too long to report.
    pub(super) fn path(&self, located: &Located) -> Option<Vec<u8>> {
        let mut path = Vec::new();
        for (n, &name) in located.names.as_ref()?.iter().rev().enumerate() {
            let name = name as usize;
            let start = name
                .checked_sub(1)
                .and_then(|before| self.name_ends.get(before))
                .map_or(0, |end| *end as usize);
            let end = *self.name_ends.get(name)? as usize;
            if n > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(self.names.get(start..end)?);
            if path.len() > MAX_PATH {
                return None;
            }
        }
        Some(path)
    }
}
