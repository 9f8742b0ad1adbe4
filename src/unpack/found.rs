//! What comes of a search.

use crate::detect::{self, Occurrence};
use crate::finding::Masked;

/// Troubles that are listed of one file.
const MAX_TROUBLES: usize = 20;

/// What was found in a file, and what kept some of it from being decoded.
#[derive(Debug, Default)]
pub struct Found {
    /// Tokens, those of the file's own bytes first.
    pub occurrences: Vec<Occurrence>,
    /// What could not be decoded, each said once.
    pub troubles: Vec<Trouble>,
    /// Whether there are more in git objects, which [`Unpacker::finish`](super::Unpacker::finish) will give.
    pub in_git: bool,
}

/// Something that could not be decoded. Its raw bytes were searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Whether somebody else could have read it.
    pub kind: TroubleKind,
    /// The way to the content, outermost first.
    pub via: Vec<Masked>,
    /// What is wrong with it.
    pub message: Masked,
}

/// What a trouble means for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// A limit of ours, or a format that others read: the audit is not complete.
    Unread,
    /// What nobody could read, or what is merely odd.
    Odd,
}

impl Found {
    /// Adds a trouble with the content at hand, unless it is known or there are many.
    pub(super) fn trouble(&mut self, kind: TroubleKind, message: &str) {
        self.add_trouble(Trouble { kind, via: Vec::new(), message: detect::mask(message.as_bytes()) });
    }

    pub(super) fn add_trouble(&mut self, trouble: Trouble) {
        let room = self.troubles.len() < MAX_TROUBLES
            || (trouble.kind == TroubleKind::Unread && self.troubles.len() < 2 * MAX_TROUBLES);
        if room && !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }
}
