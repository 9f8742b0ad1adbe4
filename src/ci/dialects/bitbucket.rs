//! Bitbucket Pipelines (configuration reference): the scripts of steps, and the variables given to pipes.

use super::inputs;
use crate::ci::syntax::{Kind, Node};
use crate::ci::{CiFile, CiScript, Job, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    walk(document, file);
}

fn walk(node: &Node, file: &mut CiFile) {
    for inner in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
        if matches!(inner.kind, Kind::Map(_) | Kind::List(_)) {
            walk(inner, file);
        }
    }
    if node.get("script").is_some() {
        let name = node.get("name").and_then(Node::text);
        let place = name.map_or_else(|| Message::own("a step"), |name| message!("step {}", shown(name)));
        step(node, &place, file);
    }
}

fn step(node: &Node, place: &Message, file: &mut CiFile) {
    let mut job = Job { scripts: Vec::new(), is_one_shell: true };
    for item in ["script", "after-script"].iter().filter_map(|key| node.get(key)).flat_map(Node::items) {
        if let Some(text) = item.text() {
            job.scripts.push(CiScript::shell(text.clone(), place, &[]));
        } else if let Some(pipe) = item.get("pipe").and_then(Node::text) {
            let entries = item.get("variables").map(Node::entries).unwrap_or_default();
            let mut found = inputs::of_entries(entries, &pipe.to_str(), place, Text::clone);
            file.arguments.append(&mut found.arguments);
        }
    }
    file.job(job);
}
