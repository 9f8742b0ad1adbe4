//! Drone and Woodpecker (pipeline syntax): the commands of steps, and the settings of plugins.

use super::inputs;
use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::without_doubled;
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let outer: Vec<_> = variables(document).into_iter().collect();
    let mut job = Job::default();
    // Old forms have a map of steps, under either name.
    for steps in ["steps", "pipeline"].iter().filter_map(|key| document.get(key)) {
        for step in steps.items() {
            let name = step.get("name").and_then(Node::text);
            let place = name.map_or_else(|| Message::own("a step"), |name| message!("step {}", shown(name)));
            read_step(step, &place, &outer, &mut job, file);
        }
        for (name, step) in steps.entries() {
            read_step(step, &message!("step {}", shown(name)), &outer, &mut job, file);
        }
    }
    file.job(job);
}

/// Removes the escape of `$${NAME}`, which leaves the variable to the shell.
fn to_shell(text: &Text) -> Text {
    without_doubled(text, b"$$")
}

/// Reads the environment. A secret (`from_secret: NAME`) is a variable of that name.
fn variables(node: &Node) -> Option<Variables> {
    let values = node.get("environment")?;
    let mut pairs = Vec::new();
    for (name, value) in values.entries() {
        let value = match value.get("from_secret").and_then(Node::text) {
            Some(secret) => secret_variable(secret),
            None => value.text().map(to_shell).unwrap_or_default(),
        };
        pairs.push((name.clone(), value));
    }
    for item in values.items().iter().filter_map(Node::text) {
        let equals = memchr::memchr(b'=', item.as_bytes()).unwrap_or(item.len());
        pairs.push((item.slice(0..equals), to_shell(&item.slice(equals + 1..item.len()))));
    }
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

fn secret_variable(secret: &Text) -> Text {
    let mut text = Text::new();
    let name: String =
        secret.to_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    text.push(format!("${{{name}}}").as_bytes(), secret.span());
    text
}

fn read_step(step: &Node, place: &Message, outer: &[Variables], job: &mut Job, file: &mut CiFile) {
    let environment: Vec<_> = outer.iter().cloned().chain(variables(step)).collect();
    let commands = step.get("commands");
    let listed = commands.map(Node::items).unwrap_or_default().iter().filter_map(Node::text);
    // One shell runs all commands of a step.
    let mut script = Text::new();
    for command in commands.and_then(Node::text).into_iter().chain(listed) {
        script.push_text(&to_shell(command), 0..command.len());
        let end = command.span().end;
        script.push(b"\n", crate::text::Span::new(end, end));
    }
    if !script.is_empty() {
        job.scripts.push(CiScript::shell(script, place, &environment));
    }
    let settings = step.get("settings").map(Node::entries).unwrap_or_default();
    // Settings of plugins were once fields of the step itself.
    let is_argument = |(name, _): &&(Text, Node)| name.starts_with_at(0, b"build_arg");
    let fields = step.entries().iter().filter(is_argument);
    let plain: Vec<_> =
        settings.iter().chain(fields).map(|(name, value)| (name.clone(), without_secrets(value))).collect();
    let mut found = inputs::of_entries(&plain, "", place, to_shell);
    file.arguments.append(&mut found.arguments);
}

/// Returns a setting with secrets as variables.
fn without_secrets(node: &Node) -> Node {
    let Kind::Map(entries) = &node.kind else { return node.clone() };
    let value = |value: &Node| match value.get("from_secret").and_then(Node::text) {
        Some(secret) => Node { kind: Kind::Scalar(secret_variable(secret)), span: value.span },
        None => value.clone(),
    };
    let entries = entries.iter().map(|(name, node)| (name.clone(), value(node))).collect();
    Node { kind: Kind::Map(entries), span: node.span }
}
