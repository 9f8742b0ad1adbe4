//! The notes in a record.

use serde::{Deserialize, Serialize};

use super::raw::Raw;
use super::step::StepRecord;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::Message;
use crate::verdict::Problems;

/// The first notes, and the number of further ones.
#[derive(Serialize, Deserialize)]
pub(super) struct Notes(Vec<Note>, u64);

#[derive(Serialize, Deserialize)]
struct Note {
    code: Code,
    path: Option<Raw>,
    via: Vec<StepRecord>,
    /// The sealed message.
    detail: String,
}

impl Notes {
    pub(super) fn of(problems: &Problems) -> Self {
        let (first, more) = problems.kept_notes();
        let note = |problem: &Problem| Note {
            code: problem.code,
            path: problem.path.as_ref().map(|path| Raw(path.to_vec())),
            via: problem.via.iter().map(StepRecord::of).collect(),
            detail: problem.detail.seal().as_str().to_owned(),
        };
        Self(first.iter().map(note).collect(), more as u64)
    }

    pub(super) fn problems(self) -> Option<Problems> {
        let notes = self.0.into_iter().map(|note| Problem {
            path: note.path.map(|Raw(path)| path.into()),
            via: note.via.into_iter().map(StepRecord::step).collect(),
            // Anyone with write access to the cache may have written the text, so it is treated as foreign.
            ..Problem::note(note.code, Place::Here, Message::foreign(note.detail))
        });
        Some(Problems::of_notes(notes.collect(), usize::try_from(self.1).ok()?))
    }
}
