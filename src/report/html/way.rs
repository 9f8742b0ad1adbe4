//! The way of a token, from the line that put it there to who can read it, in a few steps.

use super::stacks::Stacks;
use crate::finding::{DockerfileLine, Finding, Location, Masked, State};
use crate::report::escape;
use crate::report::escape::shorten;
use crate::report::place::{at, document_name};
use crate::report::text::fields;

/// The maximum length of a command in a step, in characters.
pub(super) const MAX_COMMAND: usize = 90;
/// The maximum number of lines in a step.
pub(super) const MAX_LINES: usize = 6;

/// One step.
pub(super) struct Step {
    pub(super) label: String,
    pub(super) lines: Vec<String>,
    /// The class: `code` for text to be set as code, `end` for who can read the token.
    pub(super) class: &'static str,
}

impl Step {
    fn code(label: impl Into<String>, line: String) -> Self {
        let lines = if line.is_empty() { Vec::new() } else { vec![line] };
        Self { label: label.into(), lines, class: "code" }
    }

    fn end(label: &'static str, who: &'static str) -> Self {
        Self { label: label.into(), lines: vec![who.into()], class: "end" }
    }
}

/// Returns the steps. A way of one step says no more than the place itself, and is empty.
pub(super) fn steps(finding: &Finding, stacks: &Stacks<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    match &finding.location {
        Location::Layer { layer, created_by, dockerfile, via, state, hidden_by, .. } => {
            steps.extend(dockerfile.as_ref().map(line));
            steps.push(Step::code(format!("layer {layer}"), command(created_by.as_ref())));
            steps.extend(decoded(via));
            let does = match state {
                State::Present => None,
                State::Deleted => Some("deleted"),
                State::Overwritten => Some("overwritten"),
            };
            if let Some(does) = does {
                let by = hidden_by.map(|by| format!(" by layer {by}")).unwrap_or_default();
                let hider = hidden_by.and_then(|by| stacks.layer_of(finding, by));
                let made = hider.and_then(|hider| hider.created_by.as_ref());
                steps.push(Step::code(format!("{does}{by}"), command(made)));
                steps.push(Step::end("still readable", "by whoever pulls the image"));
            } else {
                steps.push(Step::end("readable", "by whoever pulls or runs the image"));
            }
        }
        Location::Config { document, field, via, dockerfile, .. } => {
            steps.extend(dockerfile.as_ref().map(line));
            steps.push(Step::code(document_name(*document), escape(field.as_str()).into_owned()));
            steps.extend(decoded(via));
            steps.push(Step::end("readable", "by whoever pulls the image"));
        }
        Location::Blob { entry, via, .. } => {
            steps.push(Step::code("blob", escape(entry.as_str()).into_owned()));
            steps.extend(decoded(via));
            steps.push(Step::end("readable", "by whoever gets the archive"));
        }
        Location::Dockerfile { .. } => {
            steps.extend(finding.related.iter().map(|other| Step::code("context", at(other))));
            steps.push(Step::code("Dockerfile", at(&finding.location)));
            let left = fields(finding).into_iter().filter(|(label, _)| *label == "leaves");
            let mut lines: Vec<String> = left.map(|(_, value)| value).collect();
            let more = lines.len().saturating_sub(MAX_LINES);
            lines.truncate(MAX_LINES);
            lines.extend((more > 0).then(|| format!("and {more} more")));
            if !lines.is_empty() {
                steps.push(Step { label: "a build leaves it in".into(), lines, class: "end" });
            }
        }
        Location::File { via, .. } => {
            steps.push(Step::code("file", at(&finding.location)));
            steps.extend(decoded(via));
        }
    }
    if steps.len() > 1 { steps } else { Vec::new() }
}

fn line(line: &DockerfileLine) -> Step {
    Step::code("Dockerfile", format!("{}:{}", escape(line.path.as_str()), line.line))
}

fn command(command: Option<&Masked>) -> String {
    command.map(|text| shorten(&escape(text.as_str()), MAX_COMMAND).into_owned()).unwrap_or_default()
}

fn decoded(via: &[Masked]) -> Option<Step> {
    let steps: Vec<_> = via.iter().map(|step| escape(step.as_str())).collect();
    (!steps.is_empty()).then(|| Step::code("inside, decoded as", steps.join(" › ")))
}
