//! Tokens that the `RUN`s of a file leave behind in files or in the history.

use super::Context;
use super::hit::{Residue, left_in, left_in_layer};
use crate::dockerfile::Instruction;
use crate::effects::{EffectKind, Fate, Form, Place, Run, ScriptPlace, ValueSource, writes_left};
use crate::finding::Where;
use crate::text::Span;

/// A place in a script that leaves a token behind.
pub(crate) struct Write {
    pub(crate) form: Form,
    pub(crate) program: String,
    pub(crate) span: Span,
    pub(crate) stage: Option<usize>,
    /// The source of the token.
    pub(crate) source: ValueSource,
    pub(crate) leaves: Vec<Residue>,
    /// The place in a script file, if that writes.
    pub(crate) script: Option<ScriptPlace>,
}

/// Returns all such places of a file, in order.
pub(crate) fn find(context: &Context<'_>) -> Vec<Write> {
    let mut found = Vec::new();
    for (instruction, _, run) in context.runs() {
        found.extend(of_run(instruction, run));
    }
    found
}

fn of_run(instruction: &Instruction, run: &Run) -> Vec<Write> {
    let mut found = Vec::new();
    let stage = instruction.stage;
    for (effect, write, fate) in writes_left(&run.effects) {
        let Some(source) = write.value.first_token().cloned() else { continue };
        let is_elsewhere = write.file.as_deref().is_some_and(|file| run.place(file) != Place::Layer);
        let is_gone = fate == Fate::Removed || is_elsewhere;
        if is_gone && write.form == Form::Text {
            continue;
        }
        let mut leaves = Vec::new();
        if !is_gone {
            leaves.push(left_in_layer(write.file.as_deref()));
        }
        if source.is_in_history() {
            leaves.push(left_in(Where::History));
        }
        if !leaves.is_empty() {
            let (form, program, span) = (write.form, write.program.clone(), effect.span);
            let script = effect.script.clone();
            found.push(Write { form, program, span, stage, source, leaves, script });
        }
    }
    let passes = run.effects.iter().filter_map(|effect| match &effect.kind {
        EffectKind::Pass(pass) => Some((effect, pass)),
        _ => None,
    });
    found.extend(passes.filter_map(|(effect, pass)| {
        let source = pass.value.first_token().filter(|source| source.is_in_history())?.clone();
        let (program, leaves) = (pass.program.clone(), vec![left_in(Where::History)]);
        let (span, script) = (effect.span, effect.script.clone());
        Some(Write { form: Form::Url, program, span, stage, source, leaves, script })
    }));
    found
}
