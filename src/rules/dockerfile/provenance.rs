//! What the provenance of a build holds (BuildKit, `docs/attestations/slsa-definitions.md`). The mode `max` holds
//! every build argument, used or not, and the Dockerfile. The mode `min`, which is the default, holds the URLs that the
//! build fetched.

use super::hit::{Hit, Remark, left_in_provenance};
use super::{Context, literal_token, token_in_arg, token_in_env, token_in_url};
use crate::detect::TokenKind;
use crate::dockerfile::{Base, Keyword};
use crate::finding::{Provenance, Where};

/// Adds the provenance to what hits leave.
pub(super) fn add(context: &Context<'_>, hits: &mut [Hit]) {
    for hit in hits {
        let is_literal = hit.rule.id == literal_token::RULE.id
            || (hit.rule.id == token_in_env::RULE.id
                && hit.token.as_ref().is_some_and(|token| token.kind == TokenKind::UNKNOWN));
        let mode = if is_literal || hit.rule.id == token_in_arg::RULE.id {
            Provenance::Max
        } else if hit.rule.id == token_in_url::RULE.id && is_of_add(context, hit) {
            Provenance::Min
        } else {
            continue;
        };
        hit.leaves.push(left_in_provenance(mode));
    }
}

fn is_of_add(context: &Context<'_>, hit: &Hit) -> bool {
    context.holder(hit.span.start).is_some_and(|holder| holder.effective().keyword == Keyword::Add)
}

/// Says that only newer builders leave a build argument in the history if no `RUN` follows it. `runs` are the offset
/// and the stage of each.
pub(super) fn remark_on_history(context: &Context<'_>, runs: &[(usize, Option<usize>)], hit: &mut Hit) {
    let Some(stage) = hit.stage.filter(|_| hit.rule.id == token_in_arg::RULE.id) else { return };
    if !hit.leaves.iter().any(|left| left.place == Where::History) {
        return;
    }
    let is_based_on = |mut other: usize| loop {
        if other == stage {
            return true;
        }
        match context.dockerfile.stages.get(other).map(|stage| &stage.base) {
            Some(&Base::Stage(base)) if base < other => other = base,
            _ => return false,
        }
    };
    let first = runs.partition_point(|(at, _)| *at < hit.span.start);
    let mut later = runs.iter().skip(first).take(MAX_RUNS);
    if !later.any(|(_, other)| other.is_some_and(is_based_on)) {
        hit.remarks.push(Remark::NewerBuilders);
    }
}

/// The maximum number of later `RUN`s that are looked at.
const MAX_RUNS: usize = 64;
