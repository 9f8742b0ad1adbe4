//! Tracks the commands that run only under a condition: in `if`, in loops and after `||`.

/// The maximum number of branches that are recorded for one command.
const MAX_BRANCHES: usize = 12;

/// The kind of a compound command, which determines how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compound {
    Parentheses,
    Case,
    Other,
}

#[derive(Debug, Clone)]
struct Level {
    compound: Compound,
    /// The branches around the compound command.
    outer: Vec<usize>,
    /// The subshells in which the compound command runs, the outermost first.
    subshells: Vec<usize>,
    /// The branch within the compound command: after `then`, `else`, `do` or a pattern.
    branch: Option<usize>,
    /// The branch in a list of `&&` and `||`.
    chain: Option<usize>,
}

/// The compound commands around the current position. A branch is identified by its start offset.
#[derive(Debug, Clone)]
pub(super) struct Branches(Vec<Level>);

impl Branches {
    /// Starts within these branches and subshells.
    pub(super) fn within(outer: Vec<usize>, subshells: Vec<usize>) -> Self {
        Self(vec![Level { compound: Compound::Other, outer, subshells, branch: None, chain: None }])
    }

    /// Returns the subshells of a command at this position, the outermost first. Each is identified by its
    /// start offset.
    pub(super) fn subshells(&self) -> &[usize] {
        self.0.last().map_or(&[], |level| level.subshells.as_slice())
    }

    /// Returns the branches around a command at `at`, the outermost first.
    pub(super) fn path(&self, at: usize) -> Vec<usize> {
        let Some(level) = self.0.last() else { return Vec::new() };
        let mut path = level.outer.clone();
        path.extend(level.branch.into_iter().chain(level.chain));
        if path.len() > MAX_BRANCHES {
            // The nesting is too deep to follow, so the command gets a branch of its own.
            path.truncate(MAX_BRANCHES);
            path.push(at);
        }
        path
    }

    /// Begins a compound command. Returns the depth with which [`Branches::truncate`] ends it.
    pub(super) fn open(&mut self, compound: Compound, at: usize) -> usize {
        let depth = self.0.len();
        let outer = self.path(at);
        let mut subshells = self.subshells().to_vec();
        if compound == Compound::Parentheses && subshells.len() < MAX_BRANCHES {
            subshells.push(at);
        }
        self.0.push(Level { compound, outer, subshells, branch: None, chain: None });
        depth
    }

    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth.max(1));
    }

    pub(super) fn close(&mut self) {
        self.truncate(self.0.len().saturating_sub(1));
    }

    /// Handles a `)`, which ends parentheses or the pattern of a `case`.
    pub(super) fn parenthesis(&mut self, at: usize) {
        match self.0.last().map(|level| level.compound) {
            Some(Compound::Parentheses) => self.close(),
            Some(Compound::Case) => self.branch(at),
            _ => {}
        }
    }

    /// Begins another branch of the compound command.
    pub(super) fn branch(&mut self, at: usize) {
        if let Some(level) = self.0.last_mut() {
            level.branch = Some(at);
            level.chain = None;
        }
    }

    /// Marks the rest of this list as conditional.
    pub(super) fn chain(&mut self, at: usize) {
        if let Some(level) = self.0.last_mut() {
            level.chain = Some(at);
        }
    }

    /// Handles a `;` or a newline.
    pub(super) fn end_list(&mut self) {
        if let Some(level) = self.0.last_mut() {
            level.chain = None;
        }
    }
}
