//! The outcome of a search.

use crate::detect::Occurrence;
use crate::fault::Code;
use crate::finding::{Effect, Place, Problem};
use crate::mask::Message;

/// Problems that are listed of one file.
const MAX_PROBLEMS: usize = 20;

/// What was found in a file, and what kept some of it from being decoded.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Tokens, those of the file's own bytes first.
    pub occurrences: Vec<Occurrence>,
    /// What could not be decoded, each said once. Its raw bytes were searched.
    pub(crate) problems: Vec<Problem>,
    /// Whether there are more in git objects, which [`Unpacker::finish`](super::Unpacker::finish) will give.
    pub in_git: bool,
}

impl Found {
    /// Adds an error with the content at hand, unless it is known or there are many.
    pub(super) fn error(&mut self, code: Code, detail: Message) {
        self.add_problem(Problem::error(code, Place::Here, detail));
    }

    /// Adds a problem, unless it is known or there are many.
    pub(super) fn add_problem(&mut self, problem: Problem) {
        let room = self.problems.len() < MAX_PROBLEMS
            || (problem.effect == Effect::Error && self.problems.len() < 2 * MAX_PROBLEMS);
        if room && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
