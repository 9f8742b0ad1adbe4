//! Which commands run only where others do: conditions, loops and what stands behind `||`.

/// How many branches one command is told to stand in.
const MAX_BRANCHES: usize = 12;

/// A compound command, as far as its end is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compound {
    Parentheses,
    Case,
    Other,
}

#[derive(Debug, Clone)]
struct Level {
    compound: Compound,
    /// The branches around it.
    outer: Vec<usize>,
    /// The subshells that it runs in, the outermost first.
    subshells: Vec<usize>,
    /// The branch of the compound command: behind `then`, `else`, `do`, a pattern.
    branch: Option<usize>,
    /// The branch in the list of `&&` and `||`.
    chain: Option<usize>,
}

/// The compound commands around the place that is read. A branch is known by the place where it starts.
#[derive(Debug, Clone)]
pub(super) struct Branches(Vec<Level>);

impl Branches {
    /// What is read within these branches and subshells.
    pub(super) fn within(outer: Vec<usize>, subshells: Vec<usize>) -> Self {
        Self(vec![Level { compound: Compound::Other, outer, subshells, branch: None, chain: None }])
    }

    /// The subshells that a command runs in here, the outermost first. Each is known by the place where it starts.
    pub(super) fn subshells(&self) -> &[usize] {
        self.0.last().map_or(&[], |level| level.subshells.as_slice())
    }

    /// The branches that a command at `at` stands in, the outermost first.
    pub(super) fn path(&self, at: usize) -> Vec<usize> {
        let Some(level) = self.0.last() else { return Vec::new() };
        let mut path = level.outer.clone();
        path.extend(level.branch.into_iter().chain(level.chain));
        if path.len() > MAX_BRANCHES {
            // Too deep to follow: it stands in a branch of its own.
            path.truncate(MAX_BRANCHES);
            path.push(at);
        }
        path
    }

    /// Begins a compound command; gives what [`Branches::truncate`] ends it with.
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

    /// Takes a `)`: it ends parentheses, or the pattern of a `case`.
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

    /// What follows in this list runs only sometimes.
    pub(super) fn chain(&mut self, at: usize) {
        if let Some(level) = self.0.last_mut() {
            level.chain = Some(at);
        }
    }

    /// Takes a `;` or a newline.
    pub(super) fn end_list(&mut self) {
        if let Some(level) = self.0.last_mut() {
            level.chain = None;
        }
    }
}
