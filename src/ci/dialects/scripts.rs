//! Scripts that the files of packages name: `scripts` of `package.json`, tasks of `pyproject.toml`.

use crate::ci::syntax::{Kind, Node};
use crate::ci::{CiFile, CiScript, Job, shown};
use crate::mask::message;
use crate::text::Text;

pub(super) fn read_npm(document: &Node, file: &mut CiFile) {
    for (name, script) in document.get("scripts").map(Node::entries).unwrap_or_default() {
        add(name, script, file);
    }
}

/// Reads the tasks of task runners: poe, taskipy, PDM, Hatch, Pixi and others.
pub(super) fn read_python(document: &Node, file: &mut CiFile) {
    if let Some(tool) = document.get("tool") {
        walk(tool, file);
    }
}

fn walk(node: &Node, file: &mut CiFile) {
    for (key, value) in node.entries() {
        if matches!(key.as_bytes(), b"tasks" | b"scripts") {
            for (name, task) in value.entries() {
                add(name, task, file);
            }
        } else if matches!(value.kind, Kind::Map(_)) {
            walk(value, file);
        }
    }
}

/// Adds the commands of a task: a text, a list of texts, or a map with one of them.
fn add(name: &Text, task: &Node, file: &mut CiFile) {
    let inner = ["cmd", "shell", "script", "sequence"].iter().filter_map(|key| task.get(key));
    let texts = std::iter::once(task)
        .chain(inner)
        .flat_map(|node| node.text().into_iter().chain(node.items().iter().filter_map(Node::text)));
    let place = message!("script {}", shown(name));
    let scripts = texts.map(|text| CiScript::shell(text.clone(), &place, &[])).collect();
    file.job(Job { scripts, is_one_shell: false });
}
