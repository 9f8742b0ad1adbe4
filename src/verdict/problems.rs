//! The problems of one blob or directory, up to a limit.

use crate::finding::{Effect, Place, Problem};
use crate::mask::message;

/// The maximum number of problems kept for each effect.
const MAX_KEPT: usize = 50;

/// Problems with the files of a blob. If there are very many, the first ones are kept.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    errors: First,
    notes: First,
}

#[derive(Debug, Default)]
struct First {
    kept: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds the problems with the file at `path`. The path is empty for bytes that are not a file.
    pub(crate) fn add(&mut self, path: &[u8], problems: Vec<Problem>) {
        if problems.is_empty() {
            return;
        }
        let path = (!path.is_empty()).then(|| path.into());
        for problem in problems {
            let first = match problem.effect {
                Effect::Error => &mut self.errors,
                Effect::Note => &mut self.notes,
            };
            first.add(Problem { path: path.clone(), ..problem });
        }
    }

    /// Creates a value from the first notes and the number of further ones, without errors.
    pub(super) fn of_notes(kept: Vec<Problem>, more: usize) -> Self {
        Self { notes: First { kept, more }, ..Self::default() }
    }

    /// Returns the first notes and the number of further ones.
    pub(super) fn kept_notes(&self) -> (&[Problem], usize) {
        (&self.notes.kept, self.notes.more)
    }

    /// Returns true if any problem makes the audit incomplete.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.kept.is_empty()
    }

    /// Returns all problems with their place set to `place`. If some were left out, their number is included.
    pub(crate) fn at<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = Problem> + 'a {
        [&self.errors, &self.notes].into_iter().flat_map(move |first| first.at(place))
    }
}

impl First {
    fn add(&mut self, problem: Problem) {
        if self.kept.len() < MAX_KEPT {
            self.kept.push(problem);
        } else {
            self.more += 1;
        }
    }

    fn at<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = Problem> + 'a {
        let last = self.kept.last().filter(|_| self.more > 0);
        let more = last.map(|last| Problem {
            detail: message!("and {} more like these", self.more),
            path: None,
            via: Vec::new(),
            ..last.clone()
        });
        self.kept.iter().cloned().chain(more).map(|problem| problem.at(place.clone()))
    }
}
