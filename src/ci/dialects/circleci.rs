//! CircleCI (configuration reference): the steps of jobs and commands, and the parameters given to orbs.

use super::{inputs, step_place};
use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::{References, script, without_references};
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    for (name, job) in ["jobs", "commands"].iter().filter_map(|key| document.get(key)).flat_map(Node::entries)
    {
        let place = message!("{}, ", message!("job {}", shown(name)));
        let environment: Vec<_> = variables(job).into_iter().collect();
        let mut read = Job::default();
        if let Some(node) = job.get("steps") {
            steps(node, &environment, &place, &mut read, file);
        }
        file.job(read);
    }
    for (name, workflow) in document.get("workflows").map(Node::entries).unwrap_or_default() {
        for job in workflow.get("jobs").map(Node::items).unwrap_or_default() {
            orbs(job, &message!("workflow {}", shown(name)), file);
        }
    }
}

/// Replaces `<< parameters.NAME >>`.
fn to_shell(text: &Text) -> Text {
    without_references(text, References::Angles)
}

fn variables(node: &Node) -> Option<Variables> {
    let entries = node.get("environment").map(Node::entries).unwrap_or_default();
    let plain: Vec<_> =
        entries.iter().filter_map(|(name, value)| Some((name.clone(), to_shell(value.text()?)))).collect();
    environment(plain.iter().map(|(name, value)| (name, Some(value))))
}

fn steps(node: &Node, outer: &[Variables], prefix: &Message, job: &mut Job, file: &mut CiFile) {
    for (step, number) in node.items().iter().zip(1_usize..) {
        // `when` and `unless` hold steps of their own.
        for key in ["when", "unless"] {
            if let Some(inner) = step.at(&[key, "steps"]) {
                steps(inner, outer, prefix, job, file);
            }
        }
        let Some(run) = step.get("run") else {
            orbs(step, &step_place(prefix, None, number), file);
            continue;
        };
        let Some(command) = run.text().or_else(|| run.get("command")?.text()) else { continue };
        let place = step_place(prefix, run.get("name").and_then(Node::text), number);
        let environment: Vec<_> = outer.iter().cloned().chain(variables(run)).collect();
        let shell = run.get("shell").and_then(Node::text).map_or("bash".into(), Text::to_str);
        job.scripts.push(CiScript::new(script(&shell, to_shell(command)), &place, &environment));
    }
}

/// Reads the parameters of a command or a job of an orb: `docker/build: {…}`.
fn orbs(step: &Node, place: &Message, file: &mut CiFile) {
    for (name, parameters) in step.entries() {
        if !matches!(parameters.kind, Kind::Map(_)) {
            continue;
        }
        let mut found = inputs::of_entries(parameters.entries(), &name.to_str(), place, to_shell);
        file.arguments.append(&mut found.arguments);
        let scripts = found.scripts.into_iter().map(|text| CiScript::shell(text, place, &[])).collect();
        file.job(Job { scripts, is_one_shell: false });
    }
}
