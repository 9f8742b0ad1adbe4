//! The tokens in the git objects of a layer, matched with commits and paths.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use gix_hash::ObjectId;
use gix_object::Kind;

use super::GitFile;
use super::graph::{Graph, Located};
use super::key::key;
use crate::detect::{GitObject, Occurrence, Step, StepKind};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::message;

/// The maximum number of hits that are remembered. A single finding may come from thousands of them.
const MAX_HITS: usize = 16 * 1024;

/// A collector for all git objects of a layer, across all files that hold them. At the end it reports the
/// commit and path of each token.
#[derive(Debug)]
pub(crate) struct Objects {
    graph: Graph,
    hits: Vec<Hit>,
    overflow: bool,
}

/// A token in the git objects of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GitFinding {
    /// The number of the file that holds the object: [`GitFile::file`].
    pub(crate) file: u32,
    /// The token in the object's content. Its `via` begins with `git:COMMIT:PATH`. It begins with
    /// `git:OBJECT` if no commit of the layer holds the object, or if the object is a commit or a tag.
    pub(crate) occurrence: Occurrence,
}

#[derive(Debug)]
struct Hit {
    place: GitFile,
    holder: Holder,
    occurrence: Occurrence,
}

/// The holder of a token.
#[derive(Debug, Clone, Copy)]
enum Holder {
    Object(Kind, Option<ObjectId>),
    /// A delta with an unknown result, by the offset of its entry.
    Delta(u64),
}

/// The sort key that selects one finding among several for the same token at the same path. The earliest
/// commit wins. The other fields make the choice deterministic.
type Rank = (i64, Option<ObjectId>, Option<ObjectId>, u64, u32);

impl Objects {
    /// Creates the collector for one layer. `memory` is the number of bytes that may be spent on commits,
    /// trees and names. Objects seen after it is spent may be reported without a path.
    pub(crate) fn new(memory: usize) -> Self {
        Self { graph: Graph::new(memory), hits: Vec::new(), overflow: false }
    }

    /// Returns the number of tokens found in objects.
    pub(crate) fn count(&self) -> usize {
        self.hits.len()
    }

    /// Records a commit or a tree.
    pub(super) fn learn(&mut self, kind: Kind, id: &ObjectId, content: &[u8]) {
        match kind {
            Kind::Tree => self.graph.add_tree(id, content),
            Kind::Commit => self.graph.add_commit(id, content),
            Kind::Blob | Kind::Tag => {}
        }
    }

    /// Records the tokens found in an object.
    pub(super) fn keep(&mut self, place: GitFile, kind: Kind, id: Option<ObjectId>, found: Vec<Occurrence>) {
        self.add(place, Holder::Object(kind, id), found);
    }

    /// Records the tokens found in the bytes that an unresolved delta inserts.
    pub(super) fn keep_delta(&mut self, place: GitFile, offset: u64, found: Vec<Occurrence>) {
        self.add(place, Holder::Delta(offset), found);
    }

    fn add(&mut self, place: GitFile, holder: Holder, found: Vec<Occurrence>) {
        let mut tokens = HashSet::new();
        for occurrence in found {
            if !tokens.insert(occurrence.token.clone()) {
                continue;
            }
            if self.hits.len() >= MAX_HITS {
                self.overflow = true;
                return;
            }
            self.hits.push(Hit { place, holder, occurrence });
        }
    }

    /// Returns the commit and the path at which a blob or a tree first appears. The earliest commit by
    /// committer time wins, then the lowest ID. Within the commit, the path with the fewest components wins,
    /// then the first one. This function serves tests of one object; [`Self::finish`] locates all at once.
    #[cfg(test)]
    pub(crate) fn locate(&self, id: &ObjectId) -> Option<(ObjectId, Vec<u8>)> {
        let wanted = HashSet::from([key(id)]);
        let located = self.graph.locate(&wanted);
        let located = located.get(&key(id))?;
        Some((located.commit, self.graph.path(located)?))
    }

    /// Returns all tokens, ordered by file, then by history.
    ///
    /// A token in many versions of a file is one finding, at the commit that introduced it. Removing it means
    /// rewriting everything that follows anyway. Likewise, a token in many commit messages or headers is one
    /// finding, as is one in many tags, and one in several objects that no commit leads to.
    pub(crate) fn finish(self) -> (Vec<GitFinding>, Vec<Problem>) {
        let wanted: HashSet<u64> =
            self.hits.iter().filter_map(|hit| hit.holder.id()).map(|id| key(&id)).collect();
        let located = self.graph.locate(&wanted);
        let mut ranked: Vec<(Rank, Hit)> = Vec::new();
        for hit in self.hits {
            let at = hit.holder.id().and_then(|id| located.get(&key(&id)));
            ranked.push((hit.rank(at), hit));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut seen = HashSet::new();
        ranked.retain(|(_, hit)| {
            let at = hit.holder.id().and_then(|id| located.get(&key(&id)));
            let path = at.and_then(|at| self.graph.path(at));
            seen.insert((
                hit.place.repository,
                hit.occurrence.token.clone(),
                hit.holder.group(path.as_deref()),
            ))
        });
        ranked.sort_by_key(|(rank, hit)| (hit.place.file, *rank));
        let mut findings = Vec::new();
        for (_, hit) in ranked {
            let at = hit.holder.id().and_then(|id| located.get(&key(&id)));
            let object = hit.holder.object(at, &self.graph);
            let mut occurrence = hit.occurrence;
            occurrence.reached_by(Step::new(StepKind::Git(object), 0..0));
            findings.push(GitFinding { file: hit.place.file, occurrence });
        }
        let problem = self.overflow.then(|| {
            let detail = message!("more than {} tokens in git objects: not all places are listed", MAX_HITS);
            Problem::error(Code::Limit, Place::Here, detail)
        });
        (findings, problem.into_iter().collect())
    }
}

impl Hit {
    fn rank(&self, at: Option<&Located>) -> Rank {
        let time = at.map_or(i64::MAX, |at| at.time);
        let commit = at.map(|at| at.commit);
        (time, commit, self.holder.id(), self.occurrence.offset, self.place.file)
    }
}

impl Holder {
    fn id(self) -> Option<ObjectId> {
        match self {
            Self::Object(_, id) => id,
            Self::Delta(_) => None,
        }
    }

    /// Returns the key that, together with the token, identifies one finding.
    fn group(self, path: Option<&[u8]>) -> (u8, u64) {
        match (self, path) {
            (Self::Object(..), Some(path)) => {
                let mut hasher = DefaultHasher::new();
                path.hash(&mut hasher);
                (0, hasher.finish())
            }
            (Self::Object(Kind::Commit, _), None) => (1, 0),
            (Self::Object(Kind::Tag, _), None) => (2, 0),
            (Self::Object(..), None) => (3, 0),
            (Self::Delta(_), _) => (4, 0),
        }
    }

    /// Returns the name of the object in reports: commit and path if a commit leads to it, otherwise its ID.
    fn object(self, at: Option<&Located>, graph: &Graph) -> GitObject {
        let located = at.and_then(|at| Some((at.commit, graph.path(at)?)));
        match (located, self) {
            (Some((commit, path)), _) => GitObject::Path(commit.to_string(), path.into()),
            (None, Self::Object(_, Some(id))) => GitObject::Id(id.to_string()),
            (None, Self::Object(_, None)) => GitObject::Unknown,
            (None, Self::Delta(offset)) => GitObject::Delta(offset),
        }
    }
}
