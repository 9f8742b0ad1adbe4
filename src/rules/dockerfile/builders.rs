//! Residues that only some builders leave: the message of the hit says which.

use super::hit::Remark;
use super::{Context, Hit, token_in_arg};
use crate::dockerfile::Keyword;
use crate::effects::covers;
use crate::finding::Where;

/// Says which builders leave the residues of a hit, where builders differ.
pub(super) fn say(context: &Context<'_>, hits: &mut [Hit]) {
    let later_runs: Vec<(usize, Option<usize>)> = context
        .dockerfile
        .instructions
        .iter()
        .filter(|instruction| instruction.keyword == Keyword::Run)
        .map(|run| (run.span.start, run.stage))
        .collect();
    let volumes = volumes(context);
    for hit in hits {
        remark_on_history(context, &later_runs, hit);
        let is_behind = |path: &str| {
            volumes.iter().any(|(at, stage, volume)| {
                *at < hit.span.start && *stage == hit.stage && covers(volume, path)
            })
        };
        if hit
            .leaves
            .iter()
            .any(|left| left.place == Where::Layer && left.path.as_deref().is_some_and(is_behind))
        {
            hit.remarks.push(Remark::BehindVolume);
        }
    }
}

/// Returns the declared volumes, each with the offset and the stage of the instruction.
fn volumes(context: &Context<'_>) -> Vec<(usize, Option<usize>, String)> {
    let mut found = Vec::new();
    for (instruction, scope) in context.instructions() {
        if instruction.keyword == Keyword::Volume {
            let paths = instruction.words().iter().map(|word| scope.expand(word).to_text());
            found.extend(paths.map(|path| (instruction.span.start, instruction.stage, path)));
        }
    }
    found
}

/// Says that only newer builders leave a build argument in the history if no `RUN` follows it. `runs` are the offset
/// and the stage of each.
fn remark_on_history(context: &Context<'_>, runs: &[(usize, Option<usize>)], hit: &mut Hit) {
    let Some(stage) = hit.stage.filter(|_| hit.rule.id == token_in_arg::RULE.id) else { return };
    if !hit.leaves.iter().any(|left| left.place == Where::History) {
        return;
    }
    let first = runs.partition_point(|(at, _)| *at < hit.span.start);
    let mut later = runs.iter().skip(first).take(MAX_RUNS);
    if !later.any(|(_, other)| other.is_some_and(|other| context.dockerfile.is_based_on(other, stage))) {
        hit.remarks.push(Remark::NewerBuilders);
    }
}

/// The maximum number of later `RUN`s that are looked at.
const MAX_RUNS: usize = 64;
