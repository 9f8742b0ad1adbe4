//! The result of a search.

use crate::detect::Occurrence;
use crate::fault::Code;
use crate::finding::{Effect, Place, Problem};
use crate::mask::Message;
use crate::stream::Expansion;

/// The maximum number of problems listed for one file.
const MAX_PROBLEMS: usize = 20;

/// The tokens found in a file, and the problems that kept parts of it from being decoded.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Token occurrences. Those in the file's own bytes come first.
    pub occurrences: Vec<Occurrence>,
    /// Parts that could not be decoded, each listed once. Their raw bytes were searched.
    pub(crate) problems: Vec<Problem>,
    /// Whether git objects in the file hold more tokens. [`Unpacker::finish`](super::Unpacker::finish)
    /// returns those.
    pub in_git: bool,
}

impl Found {
    /// Adds an error about the current content, unless it is already listed or the list is full.
    pub(super) fn error(&mut self, code: Code, detail: Message) {
        self.add_problem(Problem::error(code, Place::Here, detail));
    }

    /// Moves what was found in an expanded sparse file to its offsets in the file.
    pub(crate) fn place_in_file(&mut self, expansion: &Expansion) {
        for occurrence in &mut self.occurrences {
            occurrence.place_in_file(|offset| expansion.of_reader(offset));
        }
    }

    /// Adds a problem, unless it is already listed or the list is full.
    pub(super) fn add_problem(&mut self, problem: Problem) {
        let room = self.problems.len() < MAX_PROBLEMS
            || (problem.effect == Effect::Error && self.problems.len() < 2 * MAX_PROBLEMS);
        if room && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
