//! GitHub Actions (workflow syntax; metadata syntax for actions): the scripts of steps, and the inputs of
//! actions that build images.

use super::inputs::{self, Inputs};
use super::{github_env, step_place};
use crate::ci::syntax::Node;
use crate::ci::to_shell::{script, without_expressions};
use crate::ci::{BuildArgument, Carriers, CiFile, CiScript, Job, Variables, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let outer = Settings::default().within(document);
    for (name, job) in document.get("jobs").map(Node::entries).unwrap_or_default() {
        let place = message!("job {}", shown(name));
        // A reusable workflow that is called may build an image as well.
        let Inputs { mut arguments, .. } = inputs::read(job, &place);
        outer.mark(&mut arguments);
        file.arguments.append(&mut arguments);
        steps(job, &outer.within(job), &message!("{}, ", place), file);
    }
    if let Some(runs) = document.get("runs") {
        steps(runs, &outer, &Message::default(), file);
    }
}

/// The settings that apply to all steps below.
#[derive(Debug, Clone, Default)]
struct Settings {
    environment: Vec<Variables>,
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

    /// Marks the build arguments that get a token from variables.
    fn mark(&self, arguments: &mut [BuildArgument]) {
        let mut carriers = Carriers::default();
        for (name, value) in self.environment.iter().flat_map(|layer| layer.iter()) {
            carriers.set(&name.to_str(), &value.to_str());
        }
        for argument in arguments {
            carriers.mark(argument);
        }
    }
}

fn environment(node: &Node) -> Option<Variables> {
    let entries = node.get("env").map(Node::entries).unwrap_or_default();
    let plain = |(name, value): &(Text, Node)| Some((name.clone(), without_expressions(value.text()?)));
    let plain: Vec<_> = entries.iter().filter_map(plain).collect();
    crate::ci::environment(plain.iter().map(|(name, value)| (name, Some(value))))
}

/// The maximum number of steps of a job that may set variables for later steps.
const MAX_EXPORTS: usize = 16;

fn steps(node: &Node, settings: &Settings, prefix: &Message, file: &mut CiFile) {
    let mut job = Job::default();
    let mut conditions: Vec<&Text> = Vec::new();
    let mut settings = settings.clone();
    let mut exports = 0;
    for (step, number) in node.get("steps").map(Node::items).unwrap_or_default().iter().zip(1_usize..) {
        let place = step_place(prefix, step.get("name").and_then(Node::text), number);
        let here = settings.within(step);
        let Inputs { mut arguments, mut scripts } = inputs::read(step, &place);
        if !arguments.is_empty() {
            here.mark(&mut arguments);
            file.arguments.append(&mut arguments);
        }
        scripts.extend(step.get("run").and_then(Node::text).map(without_expressions));
        if scripts.is_empty() {
            continue;
        }
        let condition = step.get("if").and_then(Node::text).filter(|text| !always(text)).map(|text| {
            let first = conditions.iter().find(|first| first.as_bytes() == text.as_bytes());
            let first = first.copied().unwrap_or(text);
            if first.span() == text.span() && conditions.len() < 64 {
                conditions.push(text);
            }
            first.span().start
        });
        let shell = step.get("shell").and_then(Node::text).or(settings.shell.as_ref());
        let shell = shell.map_or("sh".into(), Text::to_str);
        for text in scripts {
            let mut script = CiScript::new(script(&shell, text), &place, &here.environment);
            script.condition = condition;
            if exports < MAX_EXPORTS
                && let Some(exported) = github_env::exported(&script)
            {
                exports += 1;
                settings.environment.push(exported);
            }
            job.scripts.push(script);
        }
    }
    file.jobs.push(job);
}

/// Returns true if a step runs in each job that reaches it.
fn always(condition: &Text) -> bool {
    let text = condition.to_str();
    let text = text.trim().trim_start_matches("${{").trim_end_matches("}}");
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    matches!(plain.as_str(), "always()" | "success()" | "!cancelled()" | "true" | "success()||failure()")
}
