//! Python modules that a build compiles: the constants of a module, a token among them, are in its `.pyc` too.

use super::Context;
use crate::dockerfile::{Instruction, Keyword};
use crate::shell::StepKind;

/// Whether a `RUN` of the same stage behind the copy compiles the module that is copied: it imports it, or runs
/// `compileall`.
pub(crate) fn is_compiled(context: &Context<'_>, copy: &Instruction, path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let Some(module) = name.strip_suffix(b".py").map(String::from_utf8_lossy) else { return false };
    let behind =
        context.instructions().skip_while(|(instruction, _)| instruction.span.start <= copy.span.start);
    let runs = behind.filter(|(i, _)| i.stage == copy.stage && i.keyword == Keyword::Run);
    let compiles = |text: &str| {
        let mut names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.any(|name| name == module || name == "compileall")
    };
    runs.filter_map(|(instruction, _)| context.script(instruction)).any(|script| {
        script.steps.iter().any(|step| match &step.kind {
            StepKind::Python(text) => compiles(&text.to_str()),
            StepKind::Program { name, .. } => name == "compileall",
        })
    })
}
