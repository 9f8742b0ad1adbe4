//! Files of the build context from which logins take their tokens. When the logins are removed, nothing needs the files
//! any more, and what copies them goes as well.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Edits;
use crate::dockerfile::{Instruction, normal};
use crate::effects::holds_word;
use crate::rules::dockerfile::{Brought, Context, Hit, copies_token_file};
use crate::shell::{Step, StepKind};
use crate::text::Span;

/// The reason why logins with such a file stay.
const NAMED: &str = "its token is in a file that the Dockerfile copies and names in other places as well: delete the copy, \
                     and mount the file as a secret";

/// The maximum number of files that are followed.
const MAX_KEYS: usize = 256;

/// A copied file with a token.
pub(super) struct Key {
    /// The index of the instruction that copies it.
    copy: usize,
    /// The source in that instruction.
    source: Span,
    /// The path in the image.
    pub(super) path: String,
    /// Whether the source is this file alone.
    is_whole: bool,
    /// The indices of the `RUN`s that give it to the Hub.
    runs: Vec<usize>,
}

/// Returns the reported files, without those of the stages `keep`.
pub(super) fn keys<T>(context: &Context<'_>, hits: &[Hit], keep: &BTreeMap<usize, T>) -> Vec<Key> {
    let spans: BTreeSet<Span> =
        hits.iter().filter(|hit| hit.rule.id == copies_token_file::RULE.id).map(|hit| hit.span).collect();
    let mut keys: Vec<Key> = Vec::new();
    for Brought { by, path, run } in context.brought().filter(|brought| spans.contains(&brought.by.span)) {
        let Some(instruction) = context.dockerfile.instructions.get(by.instruction) else { continue };
        if instruction.stage.is_none_or(|stage| keep.contains_key(&stage)) {
            continue;
        }
        if let Some(known) = keys.iter_mut().find(|key| key.source == by.span && key.path == path) {
            known.runs.push(run);
        } else if keys.len() < MAX_KEYS {
            let words = instruction.effective().words();
            let word = words.iter().find(|word| word.span() == by.span);
            let scope = context.scopes.at(by.instruction);
            let is_whole = word.is_some_and(|word| normal(scope.expand(word).as_str()) == by.from);
            let (copy, source, path) = (by.instruction, by.span, path.to_owned());
            keys.push(Key { copy, source, path, is_whole, runs: vec![run] });
        }
    }
    keys
}

impl Key {
    /// Returns true if a text names the file.
    fn is_in(&self, text: &[u8]) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        holds_word(&String::from_utf8_lossy(text), name)
    }

    /// Returns true if a step of a script file names the file.
    fn is_in_step(&self, step: &Step) -> bool {
        match &step.kind {
            StepKind::Python(text) => self.is_in(text.as_bytes()),
            StepKind::Program { arguments, .. } => {
                arguments.iter().chain(&step.inputs).any(|word| self.is_in(word.text.as_bytes()))
            }
        }
    }

    /// Deletes what copies the file if the changes have taken away its use. Returns the stage and the reason if something
    /// else still names the file, so that the logins have to stay.
    pub(super) fn delete(
        &self,
        context: &Context<'_>,
        edits: &mut Edits,
        gone: &mut BTreeSet<usize>,
    ) -> Option<(usize, &'static str)> {
        let instructions = &context.dockerfile.instructions;
        let own = instructions.get(self.copy)?;
        let before = |span: Span| context.source.get(span.start..span.end).unwrap_or_default();
        let others = instructions.iter().enumerate().filter(|(number, _)| *number != self.copy);
        let named: Vec<usize> =
            others.filter(|(_, i)| self.is_in(before(i.span))).map(|(number, _)| number).collect();
        let is_left = |number: &&usize| {
            let span = instructions.get(**number).map(|instruction| instruction.span);
            !gone.contains(*number)
                && span.is_some_and(|span| self.is_in(&edits.within(context.source, span)))
        };
        let left: Vec<usize> = named.iter().filter(is_left).copied().collect();
        // If a RUN still gives the file to the Hub, the copy is still reported.
        let is_lost = |run: &usize| named.contains(run) && !left.contains(run);
        if !self.runs.iter().all(is_lost) {
            return None;
        }
        let is_in_script = |(number, instruction): (usize, &Instruction)| {
            !self.runs.contains(&number)
                && context.run(instruction).is_some_and(|run| {
                    run.scripts.iter().flat_map(|script| script.iter()).any(|step| self.is_in_step(step))
                })
        };
        let is_in_script = instructions.iter().enumerate().any(is_in_script);
        let words = own.effective().words();
        let behind = words.iter().find(|word| word.span().start >= self.source.end);
        if !left.is_empty() || is_in_script || !self.is_whole {
            return Some((own.stage?, NAMED));
        }
        match (words.len(), behind) {
            (2, _) => drop(gone.insert(self.copy)),
            (3.., Some(next)) if !before(own.span).contains(&b'[') => {
                edits.delete([Span::new(self.source.start, next.span().start)]);
            }
            _ => return Some((own.stage?, NAMED)),
        }
        None
    }
}
