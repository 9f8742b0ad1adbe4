//! The contents of a file: compressed streams, archives, and files within those, to any depth. All content is
//! searched as it is. Content that can be decoded is searched once more in decoded form, and
//! [`via`](crate::detect::Occurrence::via) names the steps that lead to it. Nothing is written to disk, and
//! no more than a window of any content is held in memory.

mod allowance;
mod blocks;
mod compressed;
mod cpio;
mod encoded;
mod format;
mod found;
mod git;
mod git_objects;
mod kept;
mod level;
mod limits;
mod origin;
mod probes;
mod raw;
mod safetensors;
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
use crate::stream::{Expansion, Peek, SparseMap};
use level::Level;
use limits::Limits;
use probes::Probes;
use raw::Raw;

/// The memory for the commits and trees of one layer, which are needed to name the location of a token.
const GIT_MEMORY: usize = 8 << 20;

/// A searcher for the files of one layer, one after the other. The total number of bytes decoded from them is
/// limited.
pub(crate) struct Unpacker {
    limits: Limits,
    probes: Probes,
    git: git::Objects,
}

impl Unpacker {
    /// Creates the unpacker for the files of one layer. Once the audit has to end, containers are no longer
    /// decoded.
    pub(crate) fn new(stop: &Stop) -> Self {
        Self { limits: Limits::new(stop.clone()), probes: Probes::new(), git: git::Objects::new(GIT_MEMORY) }
    }

    /// Returns a sparse file of the layer with its holes, as it is given to [`Self::search`]. Its data is a body of
    /// `stored` bytes.
    pub(crate) fn expand(&mut self, map: &SparseMap, stored: u64) -> Expansion {
        map.shortened(stored, &mut self.limits.zeros)
    }

    /// Reads one file to its end and searches all of its contents. If the reader fails, tokens found before
    /// the error are kept.
    pub(crate) fn search(&mut self, origin: Origin<'_>, file: &mut dyn Peek) -> (Found, io::Result<()>) {
        let known = self.git.count();
        let (mut found, outcome) = Level::new(self, origin, 0).read(Raw::whole(file));
        found.in_git = self.git.count() > known;
        (found, outcome)
    }

    /// Returns the tokens found in git objects, each with the number of the file that holds it. Another file
    /// may reveal the commit and the path of an object.
    pub(crate) fn finish(self) -> (Vec<(u32, Occurrence)>, Vec<Problem>) {
        let mut found = Found::default();
        let occurrences = git_objects::finish(self.git, &mut found);
        (occurrences, found.problems)
    }
}

/// Searches a single file that does not belong to a layer.
pub(crate) fn search(stop: &Stop, origin: Origin<'_>, file: &mut dyn Peek) -> (Found, io::Result<()>) {
    let mut unpacker = Unpacker::new(stop);
    let (mut found, outcome) = unpacker.search(origin, file);
    let (in_git, problems) = unpacker.finish();
    found.occurrences.extend(in_git.into_iter().map(|(_, occurrence)| occurrence));
    found.problems.extend(problems);
    (found, outcome)
}

#[cfg(test)]
pub(super) mod tests;
