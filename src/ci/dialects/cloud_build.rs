//! Google Cloud Build (build configuration file schema): the steps.

use super::{image, step_place};
use crate::ci::syntax::Node;
use crate::ci::to_shell::without_doubled;
use crate::ci::{CiFile, CiScript, Job, Variables, environment};
use crate::mask::Message;
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let outer: Vec<_> = document.get("options").and_then(exported).into_iter().collect();
    let substitutions = document.get("substitutions").map(Node::entries).unwrap_or_default();
    let substitutions = environment(substitutions.iter().map(|(name, value)| (name, value.text())));
    let mut job = Job::default();
    for (step, number) in document.get("steps").map(Node::items).unwrap_or_default().iter().zip(1_usize..) {
        let place = step_place(&Message::default(), step.get("id").and_then(Node::text), number);
        let environment: Vec<_> = outer.iter().cloned().chain(exported(step)).collect();
        let mut script = if let Some(text) = step.get("script").and_then(Node::text) {
            CiScript::shell(text.clone(), &place, &environment)
        } else {
            let name = step.get("name").and_then(Node::text);
            let command = image::command(name, step.get("entrypoint"), step.get("args"), to_shell);
            let Some(command) = command else { continue };
            CiScript::new(command, &place, &environment)
        };
        script.expanded.extend(substitutions.clone());
        job.scripts.push(script);
    }
    file.job(job);
}

/// Removes the escape of `$$`, which leaves the variable to the shell.
fn to_shell(text: &Text) -> Text {
    without_doubled(text, b"$$")
}

/// Returns the variables of `env` (`NAME=value`) and `secretEnv` (names).
fn exported(node: &Node) -> Option<Variables> {
    let mut pairs = Vec::new();
    for item in node.get("env").map(Node::items).unwrap_or_default().iter().filter_map(Node::text) {
        let equals = memchr::memchr(b'=', item.as_bytes()).unwrap_or(item.len());
        pairs.push((item.slice(0..equals), item.slice(equals + 1..item.len())));
    }
    for name in node.get("secretEnv").map(Node::items).unwrap_or_default().iter().filter_map(Node::text) {
        let mut value = Text::new();
        value.push(format!("${{{}}}", name.to_str()).as_bytes(), name.span());
        pairs.push((name.clone(), value));
    }
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}
