//! Task (Taskfile schema reference): the commands of tasks.

use crate::ci::syntax::Node;
use crate::ci::to_shell::{References, without_references};
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::message;
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let exported: Vec<_> = variables(document.get("env")).into_iter().collect();
    let expanded: Vec<_> = variables(document.get("vars")).into_iter().collect();
    for (name, task) in document.get("tasks").map(Node::entries).unwrap_or_default() {
        let place = message!("task {}", shown(name));
        let environment: Vec<_> = exported.iter().cloned().chain(variables(task.get("env"))).collect();
        let expanded: Vec<_> = expanded.iter().cloned().chain(variables(task.get("vars"))).collect();
        let mut job = Job::default();
        // `task: command`, `task: [command]`, `cmd:` and `cmds:`
        for node in [Some(task), task.get("cmd"), task.get("cmds")].into_iter().flatten() {
            for command in commands(node) {
                let mut script = CiScript::shell(to_shell(command), &place, &environment);
                script.expanded.clone_from(&expanded);
                job.scripts.push(script);
            }
        }
        file.job(job);
    }
}

/// Replaces `{{.NAME}}`.
fn to_shell(text: &Text) -> Text {
    without_references(text, References::Braces)
}

/// Returns the commands of a node: a text, or a list of texts and of maps with `cmd` or `defer`.
fn commands(node: &Node) -> Vec<&Text> {
    let of_item = |item| {
        let node: &Node = item;
        node.text().or_else(|| node.get("cmd").or_else(|| node.get("defer"))?.text())
    };
    node.text().into_iter().chain(node.items().iter().filter_map(of_item)).collect()
}

/// Reads variables. The value of `{sh: command}` is known only when it runs.
fn variables(node: Option<&Node>) -> Option<Variables> {
    let entries = node?.entries();
    let pairs: Vec<_> =
        entries.iter().filter_map(|(name, value)| Some((name.clone(), to_shell(value.text()?)))).collect();
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}
