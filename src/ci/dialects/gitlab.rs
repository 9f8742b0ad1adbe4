//! GitLab CI (CI/CD YAML syntax reference): the scripts of jobs, including hidden jobs.

use crate::ci::syntax::{Kind, Node};
use crate::ci::{CiFile, CiScript, Job, Variables, shown};
use crate::mask::{Message, message};
use crate::text::{Flaw, Text};

/// The maximum nesting depth of lists of commands, including references. This is GitLab's own limit.
const MAX_DEPTH: usize = 10;
/// The maximum number of commands of a file. References could produce any number of them.
const MAX_COMMANDS: usize = 20_000;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let mut reader = Reader { document, left: MAX_COMMANDS };
    let global: Vec<Variables> = variables(document).into_iter().collect();
    file.jobs.push(reader.job(document, &Message::own("the file's own commands"), &global));
    for (name, job) in document.entries() {
        if !matches!(job.kind, Kind::Map(_)) {
            continue;
        }
        let place = message!("job {}", shown(name));
        let environment: Vec<_> = global.iter().cloned().chain(variables(job)).collect();
        let read = reader.job(job, &place, &environment);
        if !read.scripts.is_empty() {
            file.jobs.push(read);
        }
    }
    if reader.left == 0 {
        let message = Message::own("it has more commands than the limit for one file");
        file.flaws.push(Flaw::limit(document.span, message));
    }
}

/// Parses `NAME: value` or `NAME: {value: …}`.
fn variables(node: &Node) -> Option<Variables> {
    let entries = node.get("variables").map(Node::entries).unwrap_or_default();
    crate::ci::environment(
        entries.iter().map(|(name, node)| (name, node.text().or_else(|| node.get("value")?.text()))),
    )
}

struct Reader<'a> {
    document: &'a Node,
    left: usize,
}

impl Reader<'_> {
    fn job(&mut self, node: &Node, place: &Message, environment: &[Variables]) -> Job {
        let mut commands = Vec::new();
        if let Some(script) = node.at(&["hooks", "pre_get_sources_script"]) {
            self.commands(script, &mut commands, 0);
        }
        for key in ["before_script", "script", "after_script"] {
            if let Some(script) = node.get(key) {
                self.commands(script, &mut commands, 0);
            }
        }
        for step in node.get("run").map(Node::items).unwrap_or_default() {
            if let Some(script) = step.get("script") {
                self.commands(script, &mut commands, 0);
            }
        }
        let script = |text| CiScript::shell(text, place, environment);
        Job { scripts: commands.into_iter().map(script).collect(), is_one_shell: true }
    }

    fn commands(&mut self, node: &Node, out: &mut Vec<Text>, depth: usize) {
        if depth > MAX_DEPTH || self.left == 0 {
            return;
        }
        // References are counted too, because a script that refers to itself in many places would grow
        // without limit.
        self.left -= 1;
        match &node.kind {
            Kind::Scalar(text) => out.push(text.clone()),
            Kind::List(items) => {
                for item in items {
                    self.commands(item, out, depth + 1);
                }
            }
            Kind::Reference(path) => {
                let referred = path.iter().try_fold(self.document, |node, key| node.get(&key.to_str()));
                if let Some(referred) = referred {
                    self.commands(referred, out, depth + 1);
                }
            }
            Kind::Null | Kind::Map(_) | Kind::Expression(..) => {}
        }
    }
}
