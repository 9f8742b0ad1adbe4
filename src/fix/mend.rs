//! Mends a Dockerfile: removes logins and variables that carry a token, and mounts a secret in the `RUN`s
//! that need the token.
//!
//! [`mend_within`] works in rounds. Each round plans changes from the findings of the rules and applies them,
//! until nothing is left that can be mended. The result is parsed again, and changes that would break the
//! file are discarded.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::advice::advise;
use super::outcome::{Declined, Left, Mended, Secret};
use super::plan::{self, Plan};
use crate::dockerfile::parse;
#[cfg(test)]
use crate::effects::NO_FILES;
use crate::effects::ReadFile;
use crate::hub::variables::HF_TOKEN;
use crate::mask::Masked;
use crate::rules::dockerfile::{Context, Hit, find, ignored};
use crate::text::{LineIndex, Span};

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
#[cfg(test)]
pub(crate) fn mend(source: &[u8]) -> Mended {
    mend_within(source, NO_FILES)
}

/// Mends everything that can be mended with certainty, in a build context that `read` reads. The source must parse
/// without problems.
pub(crate) fn mend_within(source: &[u8], read: ReadFile<'_>) -> Mended {
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
        let context = Context::within(&mended.source, &dockerfile, read);
        let hits = audible(&mended.source, &context);
        mended.found = mended.found.max(hits.len());
        mended.kinds.extend(hits.iter().filter_map(|hit| hit.token.as_ref()).map(|token| token.kind));
        let Plan { edits, declined: left, mounted, at_start, .. } = plan::plan(&context, &hits);
        declined = left;
        if edits.is_empty() {
            break;
        }
        let after = edits.apply(&mended.source);
        if !is_better(&after, hits.len(), dockerfile.stages.len(), read) {
            let why = || Masked::own("it could not be mended without breaking another instruction");
            declined.extend(hits.iter().map(|hit| Declined { span: hit.span, why: why() }));
            break;
        }
        mended.source = after;
        mended.secrets.extend(mounted.into_values().flatten());
        mended.at_start.extend(at_start);
    }
    let dockerfile = parse(&mended.source);
    let context = Context::within(&mended.source, &dockerfile, read);
    if !mended.secrets.is_empty() {
        let all = context.hub_secrets().filter_map(|mount| {
            let variable = mount.env.as_deref().unwrap_or(HF_TOKEN);
            Some(Secret::new(mount.id.clone()?, variable))
        });
        for secret in all {
            if !mended.secrets.iter().any(|known| known.id == secret.id) {
                mended.secrets.insert(secret);
            }
        }
    }
    let reasons = Reasons::new(declined);
    let mut hits = audible(&mended.source, &context);
    advise(&context, &mut hits);
    mended.left = hits.into_iter().map(|hit| Left { why: reasons.of(hit.span), hit }).collect();
    mended
}

/// Returns the hits of the rules, without those that the file's own comments ignore.
fn audible(source: &[u8], context: &Context<'_>) -> Vec<Hit> {
    let hits = find(context);
    let reasons = ignored(source, context.dockerfile, &LineIndex::new(source), &hits).reasons;
    hits.into_iter().zip(reasons).filter_map(|(hit, reason)| reason.is_none().then_some(hit)).collect()
}

/// Returns true if a changed file can still be built and leaks no more than before.
fn is_better(source: &[u8], hits: usize, stages: usize, read: ReadFile<'_>) -> bool {
    let dockerfile = parse(source);
    let context = Context::within(source, &dockerfile, read);
    dockerfile.flaws.is_empty()
        && dockerfile.stages.len() == stages
        && audible(source, &context).len() <= hits
}
