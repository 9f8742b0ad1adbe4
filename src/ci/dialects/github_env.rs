//! `$GITHUB_ENV` of GitHub Actions. A step writes variables for the following steps to that file.

use crate::ci::{CiScript, ShellVariables, VARIABLES, Variables, environment, lists};
use crate::hub::variables::HF_TOKEN;
use crate::shell;
use crate::shell::{Script, Step, StepKind, Word};
use crate::text::Text;

/// Returns the variables that a script sets for the following steps.
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
            if variables.carries(&value) && !crate::ci::Carriers::default().carries(&value.to_str()) {
                // The name that the variable has here means nothing in the next step.
                let span = value.span();
                value = Text::new();
                value.push(format!("${{{HF_TOKEN}}}").as_bytes(), span);
            }
            pairs.push((name, value));
        }
    }
    // A conditional step may not run, so the variables for tokens and file locations that it sets are
    // ignored.
    pairs.retain(|(name, _)| script.condition.is_none() || !VARIABLES.contains(&name.to_str().as_ref()));
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

/// Returns the lines that a step writes to the file.
fn written(step: &Step, steps: &[Step]) -> Vec<Text> {
    let is_file = |word: &Word| word.text.to_str().trim_end_matches('}').ends_with("GITHUB_ENV");
    let StepKind::Program { name, arguments, .. } = &step.kind else { return Vec::new() };
    if name == "tee" && arguments.iter().any(is_file) {
        return step.feeder.and_then(|feeder| steps.get(feeder)).map(printed).unwrap_or_default();
    }
    if step.outputs.iter().any(is_file) { printed(step) } else { Vec::new() }
}

/// Returns the lines that `echo`, `printf` and `cat` print.
fn printed(step: &Step) -> Vec<Text> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return Vec::new() };
    match name.as_str() {
        "echo" | "printf" => arguments.iter().map(|word| word.text.clone()).collect(),
        "cat" => step.documents.iter().flat_map(|document| lists::lines(&document.body)).collect(),
        _ => Vec::new(),
    }
}
