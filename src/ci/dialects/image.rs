//! Steps that are the run of an image: the program is that of the image, or `command`.

use crate::ci::syntax::Node;
use crate::shell::Script;
use crate::text::{Span, Text};

/// Returns the program that an image runs, which has the image's own name: `gcr.io/cloud-builders/docker`,
/// `gcr.io/kaniko-project/executor:v1`.
fn program(image: &Text) -> Option<&'static str> {
    let image = image.to_str();
    let image = image.split(['@', ' ']).next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    let known = ["docker", "executor", "gcloud", "buildah", "podman", "skaffold", "cog"];
    if let Some(known) = known.into_iter().find(|known| *known == name) {
        return Some(known);
    }
    if image.contains("kaniko") {
        return Some("executor");
    }
    image.contains("buildkit").then_some("buildctl")
}

/// Returns the command of a step: what `command` lists, or the program of the image, with `arguments`.
pub(super) fn command(
    image: Option<&Text>,
    command: Option<&Node>,
    arguments: Option<&Node>,
    to_shell: impl Fn(&Text) -> Text,
) -> Option<Script> {
    let words = |node: Option<&Node>| -> Vec<Text> {
        let Some(node) = node else { return Vec::new() };
        node.text().into_iter().chain(node.items().iter().filter_map(Node::text)).map(&to_shell).collect()
    };
    let (mut words, arguments) = (words(command), words(arguments));
    let start = words.first().or(arguments.first())?.span().start;
    if words.is_empty() {
        let mut program_word = Text::new();
        program_word.push(program(image?)?.as_bytes(), Span::new(start, start));
        words.push(program_word);
    }
    words.extend(arguments);
    Some(Script::Exec(words))
}
