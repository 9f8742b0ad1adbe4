//! Loose git objects and git packs as containers.

use std::io::{self, Read as _};

use super::found::Found;
use super::git::{self, GitFile, Kind, Limits, Objects};
use super::level::Level;
use super::raw::Raw;
use crate::detect::{GitObject, Occurrence, StepKind};
use crate::finding::Problem;
use crate::stream::{Peek, hold_memory};

/// The step into a repository as a whole.
const GIT: StepKind = StepKind::Git(GitObject::Unknown);
/// The memory that a pack may use, for its own entries and for the bases of its deltas.
const PACK_MEMORY: u64 = 64 << 20;
/// The memory for the commits and trees of a repository inside an object of another repository.
const INNER_MEMORY: usize = 1 << 20;

pub(super) fn open_loose(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    open(level, raw, |raw, place, objects, limits, sink| git::loose(raw, place, objects, limits, sink));
}

pub(super) fn open_pack(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    // Only one pack is read at a time.
    let held = match hold_memory(PACK_MEMORY, "a git pack") {
        Ok(held) => held,
        Err(error) => return level.failed(GIT, &error),
    };
    let start = raw.passed();
    let reread = level.origin.reread.filter(|_| level.is_file());
    open(level, raw, |raw, place, objects, limits, sink| {
        let mut again = reread.map(|reread| {
            move || {
                let mut file = reread()?;
                io::copy(&mut (&mut file).take(start), &mut io::sink())?;
                Ok(file)
            }
        });
        let again = again.as_mut().map(|again| again as &mut git::Reread<'_>);
        git::pack(raw, again, place, objects, limits, sink)
    });
    drop(held);
}

type Sink<'a> = git::Sink<'a>;

fn open(
    level: &mut Level<'_, '_>,
    raw: &mut Raw<'_>,
    read: impl FnOnce(&mut Raw<'_>, GitFile, &mut Objects, Limits<'_>, &mut Sink<'_>) -> io::Result<Vec<Problem>>,
) {
    let place = GitFile::new(level.origin.number, level.origin.path);
    // The content of an object may contain git objects in turn.
    let inner = Objects::new(INNER_MEMORY);
    let mut objects = std::mem::replace(&mut level.unpacker.git, inner);
    let left = level.unpacker.limits.share();
    let mut sink = |_: Kind, content: &mut dyn Peek| search(level, content);
    let outcome = read(raw, place, &mut objects, Limits::new(&left), &mut sink);
    level.unpacker.git = objects;
    // A reader's error is reported by the reader of the enclosing content.
    for problem in outcome.unwrap_or_default() {
        level.add_problems(&GIT, vec![problem]);
    }
}

/// Searches the content of one object.
fn search(level: &mut Level<'_, '_>, content: &mut dyn Peek) -> Vec<Occurrence> {
    let Some((mut found, _)) = level.descend(Raw::whole(content)) else { return Vec::new() };
    if level.unpacker.git.count() > 0 {
        let inner = std::mem::replace(&mut level.unpacker.git, Objects::new(INNER_MEMORY));
        let in_git = finish(inner, &mut found);
        found.occurrences.extend(in_git.into_iter().map(|(_, occurrence)| occurrence));
    }
    level.add_problems(&GIT, found.problems);
    found.occurrences
}

/// Returns the tokens found in a repository's objects, in order of file.
pub(super) fn finish(objects: Objects, found: &mut Found) -> Vec<(u32, Occurrence)> {
    let (findings, problems) = objects.finish();
    for problem in problems {
        found.add_problem(problem);
    }
    findings.into_iter().map(|finding| (finding.file, finding.occurrence)).collect()
}
