//! Mends a Dockerfile: removes logins and variables that carry a token, and mounts a secret in the `RUN`s
//! that need the token.
//!
//! [`mend`] works in rounds. Each round plans changes from the findings of the rules and applies them,
//! until nothing is left that can be mended. The result is parsed again, and changes that would break the
//! file are discarded.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::advice::advise;
use super::plan::{self, Plan};
use crate::dockerfile::parse;
use crate::finding::TokenKind;
use crate::mask::Masked;
use crate::mask::mask;
use crate::rules::dockerfile::{Context, Hit, find, ignored};
use crate::text::{LineIndex, Span};

/// A mended Dockerfile.
pub(crate) struct Mended {
    /// The text. It may still hold tokens: write it to the original path, never show it.
    pub source: Zeroizing<Vec<u8>>,
    /// The secrets that the build now needs.
    pub secrets: BTreeSet<Secret>,
    /// The variables that the container needs at start, because the image no longer holds them.
    pub at_start: BTreeSet<String>,
    /// The kinds of token whose text was in the file. These tokens still have to be revoked.
    pub kinds: BTreeSet<TokenKind>,
    /// The number of leaks before mending.
    pub found: usize,
    /// The remaining leaks, sorted by their position in the mended text.
    pub left: Vec<Left>,
}

/// A secret of a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// The id of the secret in the Dockerfile.
    pub id: String,
    /// The variable in the environment of the build's caller that holds the secret.
    pub variable: String,
}

impl Secret {
    /// Returns the argument of `docker build --secret`.
    pub(crate) fn argument(&self) -> Masked {
        mask(format!("id={},env={}", self.id, self.variable).as_bytes())
    }
}

/// A leak that was not mended.
pub(crate) struct Left {
    /// The hit of the rule.
    pub hit: Hit,
    /// The reason why the leak was not mended, or `None` if the advice of the rule covers it.
    pub why: Option<Masked>,
}

/// Something that is not mended, with the reason.
pub(super) struct Declined {
    pub(super) span: Span,
    pub(super) why: Masked,
}

/// The reasons why places are not mended.
struct Reasons {
    /// The declined places, sorted by position.
    declined: Vec<Declined>,
    /// For each declined place, the maximum end of all places up to it.
    ends: Vec<usize>,
}

impl Reasons {
    fn new(mut declined: Vec<Declined>) -> Self {
        declined.sort_by_key(|declined| declined.span);
        let furthest = |end: &mut usize, declined: &Declined| {
            *end = declined.span.end.max(*end);
            Some(*end)
        };
        let ends = declined.iter().scan(0, furthest).collect();
        Self { declined, ends }
    }

    /// Returns the reason for exactly this place, or else the reason for an overlapping one.
    fn of(&self, span: Span) -> Option<Masked> {
        let first = self.declined.partition_point(|declined| declined.span < span);
        let same = self.declined.get(first).filter(|declined| declined.span == span);
        let overlapping = || {
            let first = self.ends.partition_point(|&end| end <= span.start);
            let near = self.declined.iter().skip(first).take_while(|declined| declined.span.start < span.end);
            near.into_iter().find(|declined| declined.span.overlaps(span))
        };
        Some(same.or_else(overlapping)?.why.clone())
    }
}

/// The maximum number of rounds. One round mends nearly everything, and later rounds mend leaks that a
/// round uncovers.
const MAX_ROUNDS: usize = 8;

/// Mends everything that can be mended with certainty. The source must parse without problems.
pub(crate) fn mend(source: &[u8]) -> Mended {
    let mut mended = Mended {
        source: Zeroizing::new(source.to_vec()),
        secrets: BTreeSet::new(),
        at_start: BTreeSet::new(),
        kinds: BTreeSet::new(),
        found: 0,
        left: Vec::new(),
    };
    let mut declined = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let dockerfile = parse(&mended.source);
        let context = Context::new(&mended.source, &dockerfile);
        let hits = audible(&mended.source, &context);
        mended.found = mended.found.max(hits.len());
        mended.kinds.extend(hits.iter().filter_map(|hit| hit.token.as_ref()).map(|token| token.kind));
        let Plan { edits, declined: left, mounted, at_start } = plan::plan(&context, &hits);
        declined = left;
        if edits.is_empty() {
            break;
        }
        let after = edits.apply(&mended.source);
        if !is_better(&after, hits.len(), dockerfile.stages.len()) {
            let why = || Masked::own("it could not be mended without breaking another instruction");
            declined.extend(hits.iter().map(|hit| Declined { span: hit.span, why: why() }));
            break;
        }
        mended.source = after;
        mended.secrets.extend(mounted.into_values().flatten());
        mended.at_start.extend(at_start);
    }
    let dockerfile = parse(&mended.source);
    let context = Context::new(&mended.source, &dockerfile);
    let reasons = Reasons::new(declined);
    let mut hits = audible(&mended.source, &context);
    advise(&context, &mut hits);
    mended.left = hits.into_iter().map(|hit| Left { why: reasons.of(hit.span), hit }).collect();
    mended
}

/// Returns the hits of the rules, without those that the file's own comments ignore.
fn audible(source: &[u8], context: &Context<'_>) -> Vec<Hit> {
    let hits = find(context);
    let silenced = ignored(source, context.dockerfile, &LineIndex::new(source), &hits).silenced;
    hits.into_iter().zip(silenced).filter_map(|(hit, silenced)| (!silenced).then_some(hit)).collect()
}

/// Returns true if a changed file can still be built and leaks no more than before.
fn is_better(source: &[u8], hits: usize, stages: usize) -> bool {
    let dockerfile = parse(source);
    let context = Context::new(source, &dockerfile);
    dockerfile.flaws.is_empty()
        && dockerfile.stages.len() == stages
        && audible(source, &context).len() <= hits
}
