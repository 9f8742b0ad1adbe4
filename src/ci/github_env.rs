//! `$GITHUB_ENV` of GitHub Actions: what a step writes to that file is set for the steps behind it.

use super::{CiScript, VARIABLES, Variables, command_line::ShellVariables, environment};
use crate::hub::variables::HF_TOKEN;
use crate::shell;
use crate::shell::{Script, Step, StepKind, Word};
use crate::text::Text;

/// The variables that a script sets for the steps behind it.
pub(super) fn exported(script: &CiScript) -> Option<Variables> {
    let Script::Text { text, .. } = &script.script else { return None };
    memchr::memmem::find(text.as_bytes(), b"GITHUB_ENV")?;
    let steps = shell::steps(&script.script);
    let mut variables = ShellVariables::default();
    variables.enter(script);
    let mut pairs = Vec::new();
    for step in &steps {
        variables.step(step, script);
        for line in written(step, &steps) {
            let Some(at) = memchr::memchr(b'=', line.as_bytes()) else { continue };
            let name = line.slice(0..at).trimmed();
            let mut value = line.slice(at + 1..line.len());
            if variables.carries(&value) && !super::Carriers::default().carries(&value.to_str()) {
                // The name it has here means nothing in the next step.
                let span = value.span();
                value = Text::new();
                value.push(format!("${{{HF_TOKEN}}}").as_bytes(), span);
            }
            pairs.push((name, value));
        }
    }
    // Where a step may not run, what it says of places does not count.
    pairs.retain(|(name, _)| script.condition.is_none() || !VARIABLES.contains(&name.to_str().as_ref()));
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

/// The lines that a step writes to the file.
fn written(step: &Step, steps: &[Step]) -> Vec<Text> {
    let is_file = |word: &Word| word.text.to_str().trim_end_matches('}').ends_with("GITHUB_ENV");
    let StepKind::Program { name, arguments, .. } = &step.kind else { return Vec::new() };
    if name == "tee" && arguments.iter().any(is_file) {
        return step.feeder.and_then(|feeder| steps.get(feeder)).map(printed).unwrap_or_default();
    }
    if step.outputs.iter().any(is_file) { printed(step) } else { Vec::new() }
}

/// The lines that `echo`, `printf` and `cat` print.
fn printed(step: &Step) -> Vec<Text> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return Vec::new() };
    match name.as_str() {
        "echo" | "printf" => arguments.iter().map(|word| word.text.clone()).collect(),
        "cat" => step.documents.iter().flat_map(|document| super::arguments::lines(&document.body)).collect(),
        _ => Vec::new(),
    }
}
