//! The inputs of actions (`with`): build arguments, and scripts that the actions run.

use crate::ci::build_command::{Build, bake_override};
use crate::ci::syntax::Node;
use crate::ci::to_shell::without_expressions;
use crate::ci::{BuildArgument, Given, arguments, lists};
use crate::mask::Message;
use crate::shell;
use crate::text::{Span, Text};

/// The inputs of one step.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) arguments: Vec<BuildArgument>,
    pub(super) scripts: Vec<Text>,
}

/// Parses the inputs of an action or a workflow.
pub(super) fn read(node: &Node, place: &Message) -> Inputs {
    let Some(uses) = node.get("uses").and_then(Node::text) else { return Inputs::default() };
    let entries = node.get("with").map(Node::entries).unwrap_or_default();
    of_entries(entries, &uses.to_str(), place, without_expressions)
}

/// Parses the inputs of what is named `uses`. `to_shell` replaces the references of the CI system.
pub(super) fn of_entries(
    entries: &[(Text, Node)],
    uses: &str,
    place: &Message,
    to_shell: impl Fn(&Text) -> Text,
) -> Inputs {
    let mut found = Inputs::default();
    let uses = uses.to_ascii_lowercase();
    for (input, value) in entries {
        let name: String = input
            .to_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_arguments = name.ends_with("buildargs") || name == "buildarguments";
        let Some(value) = value.text() else {
            found.collection(value, &name, is_arguments, place, &to_shell);
            continue;
        };
        let value = to_shell(value);
        let is_option = value.trimmed().byte(0) == Some(b'-');
        let texts = if is_arguments && !is_option {
            // Docker's own actions split only at newlines. Many others also split at commas.
            let lines = lists::lines(&value);
            if uses.starts_with("docker/") { lines } else { lines.iter().flat_map(lists::split).collect() }
        } else if uses.contains("bake") && name == "set" {
            let set = lists::lines(&value);
            let overrides = set.iter().filter_map(|line| {
                let argument = BuildArgument::from_text(&bake_override(line)?, place, Given::Bake);
                Some(BuildArgument { span: line.span(), ..argument })
            });
            found.arguments.extend(overrides);
            continue;
        } else if is_script(&name, &uses) {
            found.scripts.push(value);
            continue;
        } else {
            options(&value)
        };
        let texts = texts.iter().map(|text| BuildArgument::from_text(text, place, Given::Input));
        found.arguments.extend(texts);
    }
    found
}

impl Inputs {
    /// Reads an input that is a list or a map.
    fn collection(
        &mut self,
        value: &Node,
        name: &str,
        is_arguments: bool,
        place: &Message,
        to_shell: &impl Fn(&Text) -> Text,
    ) {
        let first = self.arguments.len();
        if is_arguments {
            arguments::of_node(value, place, Given::Input, &mut self.arguments);
        } else if name.ends_with("buildargsfromenv") {
            // Names alone.
            let names = value.items().iter().filter_map(Node::text);
            self.arguments.extend(names.map(|name| BuildArgument::from_text(name, place, Given::Input)));
        } else {
            let mut line = Text::new();
            for item in value.items().iter().filter_map(Node::text) {
                let start = item.span().start;
                line.push(b"\n", Span::new(start, start));
                line.push_text(item, 0..item.len());
            }
            let texts = options(&to_shell(&line));
            self.arguments
                .extend(texts.iter().map(|text| BuildArgument::from_text(text, place, Given::Input)));
        }
        for argument in self.arguments.iter_mut().skip(first) {
            argument.value = argument.value.as_ref().map(to_shell);
        }
    }
}

/// Returns true if an action runs an input in a shell (`nick-fields/retry`, `devcontainers/ci`,
/// `appleboy/ssh-action` and others).
fn is_script(name: &str, uses: &str) -> bool {
    matches!(name, "command" | "run" | "runcmd" | "script" | "inlinescript")
        && !uses.contains("github-script")
}

/// Returns the build arguments among the options that an action passes to a builder (`extra_args`,
/// `extra-args`, `args` and others).
fn options(value: &Text) -> Vec<Text> {
    if memchr::memmem::find(value.as_bytes(), b"--build-arg").is_none() {
        return Vec::new();
    }
    // The options may be on one line or on separate lines.
    let mut line = Text::new();
    line.push(b"build", value.source_span(0..1));
    for part in lists::lines(value) {
        let start = part.span().start;
        line.push(b" ", Span::new(start, start));
        line.push_text(&part, 0..part.len());
    }
    let words: Vec<_> = shell::commands(&line).into_iter().flat_map(|command| command.words).collect();
    Build::of_command("docker", &words).map(|build| build.arguments).unwrap_or_default()
}
