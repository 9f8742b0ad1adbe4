//! Commands that take removed variables back.

use super::readers::readers;
use super::settings::Settings;
use crate::effects::Run;
use crate::shell::{Command, Step, StepKind};
use crate::text::Span;

/// Returns the commands that only unset removed variables, if nothing behind them could see these.
pub(super) fn unset(run: &Run, commands: &[Command], settings: &Settings) -> Vec<Span> {
    let is_unset = |step: &&Step| match &step.kind {
        StepKind::Program { name, arguments, .. } => {
            let mut names = arguments.iter().map(|word| word.text.to_str());
            name == "unset"
                && !arguments.is_empty()
                && names.all(|name| name == "-v" || settings.variables.contains_key(name.as_ref()))
        }
        StepKind::Python(_) => false,
    };
    let last = readers(run).map(|(step, _)| step + 1).max().unwrap_or(0);
    let steps = run.steps.iter().skip(last).filter(is_unset).map(|step| step.span);
    steps.filter(|span| commands.iter().any(|command| command.span == *span)).collect()
}
