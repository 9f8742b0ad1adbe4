//! Pods of Kubernetes that build: the steps of Tekton, the templates of Argo Workflows, and containers.

use super::{image, inputs};
use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::{References, script, without_references};
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let mut job = Job::default();
    walk(document, &mut job, file);
    file.job(job);
}

/// Replaces `$(params.NAME)` and `{{inputs.parameters.NAME}}`.
fn to_shell(text: &Text) -> Text {
    without_references(&without_references(text, References::Parentheses), References::Braces)
}

fn walk(node: &Node, job: &mut Job, file: &mut CiFile) {
    step(node, job);
    parameter(node, file);
    for inner in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
        if matches!(inner.kind, Kind::Map(_) | Kind::List(_)) {
            walk(inner, job, file);
        }
    }
}

fn place(node: &Node) -> Message {
    let name = node.get("name").and_then(Node::text);
    name.map_or_else(|| Message::own("a container"), |name| message!("step {}", shown(name)))
}

/// Reads a container: its script, or its command with arguments.
fn step(node: &Node, job: &mut Job) {
    let text = |key| node.get(key).and_then(Node::text);
    let environment: Vec<_> = variables(node).into_iter().collect();
    if let Some(source) = text("script").or_else(|| text("source")) {
        // Argo names the program beside the script, Tekton in its first line.
        let named = node.get("command").and_then(|command| command.items().first()).and_then(Node::text);
        let first = source.to_str().lines().next().unwrap_or_default().to_owned();
        let first = first.strip_prefix("#!").map(|line| line.trim().replace("/usr/bin/env ", ""));
        let shell = named.map(|name| name.to_str().into_owned()).or(first).unwrap_or_else(|| "sh".to_owned());
        job.scripts.push(CiScript::new(script(&shell, to_shell(source)), &place(node), &environment));
    } else if node.get("command").is_some() || (node.get("args").is_some() && node.get("image").is_some()) {
        let command = image::command(text("image"), node.get("command"), node.get("args"), to_shell);
        job.scripts.extend(command.map(|command| CiScript::new(command, &place(node), &environment)));
    }
}

/// Reads `env` of a container. A value from elsewhere, such as a secret, is a variable of the same name.
fn variables(node: &Node) -> Option<Variables> {
    let mut pairs = Vec::new();
    for item in node.get("env").map(Node::items).unwrap_or_default() {
        let Some(name) = item.get("name").and_then(Node::text) else { continue };
        let value = item.get("value").and_then(Node::text).map(to_shell);
        let value = value.unwrap_or_else(|| {
            let mut value = Text::new();
            value.push(format!("${{{}}}", name.to_str()).as_bytes(), name.span());
            value
        });
        pairs.push((name.clone(), value));
    }
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

/// Reads a parameter of a task (`BUILD_ARGS`, `EXTRA_ARGS`), or another list of options.
fn parameter(node: &Node, file: &mut CiFile) {
    let (Some(name), Some(value)) = (node.get("name").and_then(Node::text), node.get("value")) else {
        return;
    };
    let place = message!("parameter {}", shown(name));
    let mut found = inputs::of_entries(&[(name.clone(), value.clone())], "", &place, to_shell);
    file.arguments.append(&mut found.arguments);
}
