//! What lies within a file: compressed streams, archives, and files within those, to any depth. Every
//! content is searched as it is, and each that can be decoded once more in its decoded form, with
//! [`via`](crate::detect::Occurrence::via) naming the way in. Nothing is written to disk, and no more of a
//! content is held than a window.

mod allowance;
mod compressed;
mod format;
mod found;
mod git;
mod git_objects;
mod level;
mod limits;
mod origin;
mod raw;
mod sevenz;
mod sqlite;
mod tar;
mod zip;

pub(crate) use found::Found;
pub(crate) use limits::MAX_IN_FILE;
pub(crate) use origin::{Origin, Reread};

use std::io;

use crate::detect::Occurrence;
use crate::finding::Problem;
use crate::stop::Stop;
use crate::stream::Peek;
use level::Level;
use limits::Limits;
use raw::Raw;

/// Bytes that may be spent on the commits and trees of one layer, to name what a token stands in.
const GIT_MEMORY: usize = 8 << 20;

/// Searches the files of one layer, one after the other. What they may decode to together is limited.
pub(crate) struct Unpacker {
    limits: Limits,
    git: git::Objects,
}

impl Unpacker {
    /// For the files of one layer. Once the audit has to end, containers are no longer decoded.
    pub(crate) fn new(stop: &Stop) -> Self {
        Self { limits: Limits::new(stop.clone()), git: git::Objects::new(GIT_MEMORY) }
    }

    /// Reads one file to its end and searches all that is in it. What was found before an error of the
    /// reader is kept.
    pub(crate) fn search(&mut self, origin: Origin<'_>, file: &mut dyn Peek) -> (Found, io::Result<()>) {
        let known = self.git.count();
        let (mut found, outcome) = Level::new(self, origin, 0).read(Raw::whole(file));
        found.in_git = self.git.count() > known;
        (found, outcome)
    }

    /// What was found in git objects, with the number of the file that holds each: the commit and the path of
    /// one may be told by another file.
    pub(crate) fn finish(self) -> (Vec<(u32, Occurrence)>, Vec<Problem>) {
        let mut found = Found::default();
        let occurrences = git_objects::finish(self.git, &mut found);
        (occurrences, found.problems)
    }
}

/// Searches one file that no others belong to.
pub(crate) fn search(stop: &Stop, origin: Origin<'_>, file: &mut dyn Peek) -> (Found, io::Result<()>) {
    let mut unpacker = Unpacker::new(stop);
    let (mut found, outcome) = unpacker.search(origin, file);
    let (in_git, problems) = unpacker.finish();
    found.occurrences.extend(in_git.into_iter().map(|(_, occurrence)| occurrence));
    found.problems.extend(problems);
    (found, outcome)
}

#[cfg(test)]
mod tests;
