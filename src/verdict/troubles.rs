//! What in the files of one blob could not be decoded.

use crate::detect::mask_path;
use crate::finding::Masked;
use crate::unpack::{Trouble, TroubleKind};

/// Lines that are listed of one blob, of each kind.
const MAX_LINES: usize = 50;

/// What could not be decoded, each with the file it lies in; of very many, the first.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    errors: Lines,
    notes: Lines,
}

#[derive(Debug, Default)]
struct Lines {
    first: Vec<Masked>,
    more: usize,
}

impl Troubles {
    /// Adds what is said of the file at `path`; empty where it is no file of its own.
    pub(crate) fn add(&mut self, path: &[u8], troubles: Vec<Trouble>) {
        for trouble in troubles {
            let lines = match trouble.kind {
                TroubleKind::Unread => &mut self.errors,
                TroubleKind::Odd => &mut self.notes,
            };
            lines.add(path, &trouble);
        }
    }

    /// Notes alone: the first, and how many there are beside.
    pub(crate) fn of_notes(first: Vec<Masked>, more: usize) -> Self {
        Self { notes: Lines { first, more }, ..Self::default() }
    }

    /// The first notes, and how many there are beside.
    pub(crate) fn kept_notes(&self) -> (&[Masked], usize) {
        (&self.notes.first, self.notes.more)
    }

    /// What we did not read and somebody else could.
    pub(crate) fn errors(&self) -> impl Iterator<Item = String> {
        self.errors.iter()
    }

    /// What nobody could read, or what is merely odd.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.notes.iter()
    }
}

impl Lines {
    fn add(&mut self, path: &[u8], trouble: &Trouble) {
        if self.first.len() == MAX_LINES {
            self.more += 1;
            return;
        }
        let path = mask_path(path);
        let path = std::iter::once(path.shown()).filter(|path| !path.as_str().is_empty());
        let way: Vec<&str> = path.chain(&trouble.via).map(Masked::as_str).collect();
        let colon = if way.is_empty() { "" } else { ": " };
        self.first.push(Masked::own(format!("{}{colon}{}", way.join(" > "), trouble.message)));
    }

    fn iter(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("and {} more like these", self.more));
        self.first.iter().map(ToString::to_string).chain(more)
    }
}
