//! GitHub Actions (workflow syntax; metadata syntax for actions): the scripts of steps, and what is given to actions that
//! build images.

use super::{
    BuildArgument, CiFile, CiScript, Given, Job, arguments, build_command::bake_override,
    expression::without_expressions, shown, tree::Node,
};
use crate::{
    dockerfile::{Language, Script, Text},
    finding::Masked,
};

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let outer = Settings::default().within(document);
    for (name, job) in document.get("jobs").map(Node::entries).unwrap_or_default() {
        let place = format!("job {}", shown(name));
        // A workflow that is called may build an image as well.
        inputs(job, &Masked::own(place.clone()), file);
        steps(job, &outer.within(job), &format!("{place}, "), file);
    }
    if let Some(runs) = document.get("runs") {
        steps(runs, &outer, "", file);
    }
}

/// What is set for all steps below.
#[derive(Debug, Clone, Default)]
struct Settings {
    environment: Vec<(Text, Text)>,
    shell: Option<Text>,
}

impl Settings {
    fn within(&self, node: &Node) -> Self {
        let mut settings = self.clone();
        settings.environment.extend(environment(node));
        let shell = node.at(&["defaults", "run", "shell"]).and_then(Node::text);
        settings.shell = shell.cloned().or(settings.shell);
        settings
    }
}

fn environment(node: &Node) -> Vec<(Text, Text)> {
    let entries = node.get("env").map(Node::entries).unwrap_or_default();
    let variables = super::environment(entries.iter().map(|(name, value)| (name, value.text())));
    variables.into_iter().map(|(name, value)| (name, without_expressions(&value))).collect()
}

fn steps(node: &Node, settings: &Settings, prefix: &str, file: &mut CiFile) {
    let mut job = Job::default();
    let mut conditions: Vec<&Text> = Vec::new();
    for (step, number) in node.get("steps").map(Node::items).unwrap_or_default().iter().zip(1_usize..) {
        let name = step.get("name").and_then(Node::text);
        let name = name.map_or_else(|| number.to_string(), |name| shown(name).to_string());
        let place = Masked::own(format!("{prefix}step {name}"));
        inputs(step, &place, file);
        let Some(run) = step.get("run").and_then(Node::text) else { continue };
        let condition = step.get("if").and_then(Node::text).filter(|text| !always(text)).map(|text| {
            let first = conditions.iter().find(|first| first.as_bytes() == text.as_bytes());
            let first = first.copied().unwrap_or(text);
            if first.span() == text.span() && conditions.len() < 64 {
                conditions.push(text);
            }
            first.span().start
        });
        let shell = step.get("shell").and_then(Node::text).or(settings.shell.as_ref());
        let language = shell.map_or(Language::Shell, |shell| {
            Language::of_program(shell.to_str().split_whitespace().next().unwrap_or_default())
        });
        let mut environment_here = settings.environment.clone();
        environment_here.extend(environment(step));
        job.scripts.push(CiScript {
            script: Script::Text { language, text: without_expressions(run) },
            place,
            condition,
            environment: environment_here,
        });
    }
    file.jobs.push(job);
}

/// Whether a step runs in each job that comes so far.
fn always(condition: &Text) -> bool {
    let text = condition.to_str();
    let text = text.trim().trim_start_matches("${{").trim_end_matches("}}");
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    matches!(plain.as_str(), "always()" | "success()" | "!cancelled()" | "true" | "success()||failure()")
}

/// The build arguments among the inputs of an action or a workflow.
fn inputs(node: &Node, place: &Masked, file: &mut CiFile) {
    let Some(uses) = node.get("uses").and_then(Node::text) else { return };
    let uses = uses.to_str().to_ascii_lowercase();
    let is_bake = uses.contains("bake");
    for (input, value) in node.get("with").map(Node::entries).unwrap_or_default() {
        let Some(value) = value.text() else { continue };
        let input: String = input
            .to_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let value = without_expressions(value);
        if input.ends_with("buildargs") {
            // Docker's own action splits at newlines alone, many others at commas too.
            let lines = arguments::lines(&value);
            let all =
                if uses.starts_with("docker/") { lines } else { lines.iter().flat_map(split).collect() };
            file.arguments.extend(all.iter().map(|text| BuildArgument::from_text(text, place, Given::Input)));
        } else if is_bake && input == "set" {
            let set = arguments::lines(&value);
            let set = set.iter().filter_map(|line| {
                let span = line.span();
                let argument = BuildArgument::from_text(&bake_override(line)?, place, Given::Bake);
                Some(BuildArgument { span, ..argument })
            });
            file.arguments.extend(set);
        }
    }
}

/// Splits at the commas that stand in front of another `NAME=`.
fn split(line: &Text) -> Vec<Text> {
    let bytes = line.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    for comma in memchr::memchr_iter(b',', bytes) {
        let behind = bytes.get(comma + 1..).unwrap_or_default().trim_ascii_start();
        let name = behind.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        if name > 0 && behind.get(name) == Some(&b'=') {
            parts.push(line.slice(start..comma));
            start = comma + 1;
        }
    }
    parts.push(line.slice(start..bytes.len()));
    parts
}
