//! Settings that a later instruction overrides. The old values are no longer in the config but remain in
//! the history.

use super::hit::{Remark, Residue};
use std::collections::HashMap;

use super::{Context, Hit};
use crate::dockerfile::{Arguments, Instruction, Keyword, Scope};
use crate::finding::Where;
use crate::text::Span;

/// A part of the config in which only the last setting counts: a variable or a label with its name, or the
/// whole `CMD`.
type Setting = (Keyword, String);

/// Drops the residues in the config that are overridden at the end.
pub(crate) fn take_away(context: &Context<'_>, hits: &mut [Hit]) {
    let mut last: HashMap<Setting, usize> = HashMap::new();
    for (instruction, scope) in context.instructions() {
        if context.reach.is_whole(instruction.stage) && !instruction.is_onbuild() {
            for setting in settings(instruction, scope, None) {
                last.insert(setting, instruction.span.start);
            }
        }
    }
    let is_config = |leaves: &Residue| matches!(leaves.place, Where::Env | Where::Label | Where::Config);
    for hit in hits.iter_mut().filter(|hit| hit.leaves.iter().any(is_config)) {
        let Some(instruction) = context.holder(hit.span.start) else { continue };
        if instruction.is_onbuild() || !context.reach.is_whole(instruction.stage) {
            continue;
        }
        let set = settings(instruction, context.scope_of(instruction), Some(hit.span));
        let is_last =
            |setting: &Setting| last.get(setting).is_none_or(|last| *last <= instruction.span.start);
        if !set.is_empty() && !set.iter().any(is_last) {
            hit.leaves.retain(|leaves| !is_config(leaves));
            hit.remarks.push(Remark::SetAnew(instruction.keyword));
        }
    }
}

/// Returns the settings of an instruction, or only those at a span.
fn settings(instruction: &Instruction, scope: Scope<'_>, at: Option<Span>) -> Vec<Setting> {
    match (instruction.keyword, &instruction.arguments) {
        (keyword @ (Keyword::Env | Keyword::Label), Arguments::Pairs(pairs)) => {
            let meant = at.map_or(0..pairs.len(), |at| {
                let first = pairs.partition_point(|pair| pair.span.end <= at.start);
                first..first + pairs.iter().skip(first).take_while(|pair| pair.span.overlaps(at)).count()
            });
            pairs.get(meant).unwrap_or_default().iter().map(|pair| (keyword, scope.name(pair))).collect()
        }
        (keyword @ (Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck), _) => {
            vec![(keyword, String::new())]
        }
        _ => Vec::new(),
    }
}
