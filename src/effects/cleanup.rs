//! What takes a login's files away again before its `RUN` ends.

use std::collections::{HashMap, HashSet};

use super::token_file::covers;
use crate::dockerfile::normal;

/// What `rm` is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Removal {
    /// The path or pattern, absolute or in a home that is not known.
    pub(crate) pattern: String,
    /// Whether directories are removed too.
    pub(crate) recursive: bool,
}

impl Removal {
    fn removes(&self, file: &str) -> bool {
        let parts = |path: &str| path.split('/').count();
        covers(&self.pattern, file) && (self.recursive || parts(&normal(&self.pattern)) == parts(file))
    }
}

/// How many removals of one `RUN` are remembered; those in front of them count for nothing.
const MAX_REMOVALS: usize = 256;

/// The clean-ups behind a place of a script. It is walked backwards, so that each step is looked at once.
#[derive(Default)]
pub(crate) struct CleanUps {
    /// Logouts: the branches they stand in, and the files they remove.
    logouts: HashSet<(Vec<usize>, Option<Vec<String>>)>,
    removals: HashMap<Vec<usize>, HashSet<Removal>>,
    count: usize,
    /// Whether the files may be somewhere else by then.
    pub(crate) copied: bool,
}

impl CleanUps {
    pub(crate) fn logout(&mut self, branches: &[usize], files: Option<&[String]>) {
        if self.count < MAX_REMOVALS && self.logouts.insert((branches.to_vec(), files.map(<[_]>::to_vec))) {
            self.count += 1;
        }
    }

    pub(crate) fn remove(&mut self, branches: &[usize], removals: &[Removal]) {
        for removal in removals {
            if self.count >= MAX_REMOVALS {
                return;
            }
            if self.removals.entry(branches.to_vec()).or_default().insert(removal.clone()) {
                self.count += 1;
            }
        }
    }

    /// The files are copied or moved here: what comes later does not remove the copy.
    pub(crate) fn copy(&mut self) {
        *self = Self { copied: true, ..Self::default() };
    }

    /// Whether a logout removes what is kept for these files, wherever a login in `branches` ran.
    pub(crate) fn logs_out(&self, branches: &[usize], files: Option<&[String]>) -> bool {
        !self.logouts.is_empty()
            && enclosing(branches)
                .any(|outer| self.logouts.contains(&(outer.to_vec(), files.map(<[_]>::to_vec))))
    }

    /// Whether a file is removed, wherever a login in `branches` ran.
    pub(crate) fn removes(&self, branches: &[usize], file: &str) -> bool {
        let mut found = enclosing(branches).filter_map(|outer| self.removals.get(outer));
        found.any(|removals| removals.iter().any(|removal| removal.removes(file)))
    }
}

/// The branches around a place, those it stands in itself included.
fn enclosing(branches: &[usize]) -> impl Iterator<Item = &[usize]> {
    (0..=branches.len()).filter_map(|len| branches.get(..len))
}
