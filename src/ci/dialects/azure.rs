//! Azure Pipelines (YAML schema reference): the steps of jobs, deployments and templates.

use super::{inputs, step_place};
use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::{References, script, without_expressions, without_references};
use crate::ci::{Carriers, CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    walk(document, &Scope::default(), file);
}

/// The settings that all steps of a job inherit.
#[derive(Debug, Clone, Default)]
struct Scope {
    variables: Vec<Variables>,
    place: Message,
}

impl Scope {
    fn within(&self, node: &Node) -> Self {
        let mut scope = self.clone();
        scope.variables.extend(variables(node.get("variables")));
        if let Some(name) = node.get("job").or_else(|| node.get("deployment")).and_then(Node::text) {
            scope.place = message!("job {}, ", shown(name));
        }
        scope
    }
}

/// Replaces `${{ … }}` and `$(NAME)`.
fn to_shell(text: &Text) -> Text {
    without_references(&without_expressions(text), References::Parentheses)
}

/// Reads variables as a map or as a list of `name` and `value`.
fn variables(node: Option<&Node>) -> Option<Variables> {
    let node = node?;
    let mut pairs = Vec::new();
    for (name, value) in node.entries() {
        pairs.extend(value.text().map(|value| (name.clone(), to_shell(value))));
    }
    for item in node.items() {
        let pair = item.get("name").and_then(Node::text).zip(item.get("value").and_then(Node::text));
        pairs.extend(pair.map(|(name, value)| (name.clone(), to_shell(value))));
    }
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

fn walk(node: &Node, outer: &Scope, file: &mut CiFile) {
    for item in node.items() {
        walk(item, outer, file);
    }
    if node.entries().is_empty() {
        return;
    }
    let scope = outer.within(node);
    for (key, value) in node.entries() {
        match key.as_bytes() {
            b"steps" => steps(value, &scope, file),
            b"variables" | b"parameters" | b"resources" => {}
            _ if matches!(value.kind, Kind::Map(_) | Kind::List(_)) => walk(value, &scope, file),
            _ => {}
        }
    }
}

/// Returns the steps of a list, those within `${{ if … }}:` included.
fn flat<'a>(steps: &'a Node, out: &mut Vec<&'a Node>) {
    for step in steps.items() {
        let conditional = step.entries().iter().filter(|(key, _)| key.starts_with_at(0, b"${{"));
        let before = out.len();
        for (_, inner) in conditional {
            flat(inner, out);
        }
        if out.len() == before {
            out.push(step);
        }
    }
}

fn steps(node: &Node, scope: &Scope, file: &mut CiFile) {
    let mut job = Job::default();
    let mut flattened = Vec::new();
    flat(node, &mut flattened);
    for (step, number) in flattened.into_iter().zip(1_usize..) {
        let place = step_place(&scope.place, step.get("displayName").and_then(Node::text), number);
        let own = variables(step.get("env"));
        let mut scripts = Vec::new();
        for (key, shell) in
            [("script", "sh"), ("bash", "bash"), ("pwsh", "pwsh"), ("powershell", "powershell")]
        {
            let text = step.get(key).and_then(Node::text);
            scripts.extend(text.map(|text| script(shell, to_shell(text))));
        }
        if let Some(task) = step.get("task").and_then(Node::text) {
            let task = task.to_str();
            let entries = step.get("inputs").map(Node::entries).unwrap_or_default();
            let mut found = inputs::of_entries(entries, &task, &place, to_shell);
            let mut carriers = Carriers::default();
            for (name, value) in scope.variables.iter().chain(&own).flat_map(|layer| layer.iter()) {
                carriers.set(&name.to_str(), &value.to_str());
            }
            found.arguments.iter_mut().for_each(|argument| carriers.mark(argument));
            file.arguments.append(&mut found.arguments);
            let kind = step.at(&["inputs", "scriptType"]).and_then(Node::text).map(Text::to_str);
            let is_powershell = task.starts_with("PowerShell")
                || task.starts_with("AzurePowerShell")
                || kind.is_some_and(|kind| kind.starts_with('p'));
            let shell = if is_powershell { "pwsh" } else { "sh" };
            scripts.extend(found.scripts.into_iter().map(|text| script(shell, text)));
        }
        for script in scripts {
            // Variables of the pipeline are in the environment too, unless they are secret.
            let mut script = CiScript::new(script, &place, &[]);
            script.environment.extend(own.clone());
            script.expanded.clone_from(&scope.variables);
            job.scripts.push(script);
        }
    }
    file.job(job);
}
