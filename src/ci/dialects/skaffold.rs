//! Skaffold (skaffold.yaml reference): the build arguments of artifacts, and commands around their builds.

use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::{References, script, without_references};
use crate::ci::{CiFile, CiScript, Given, Job, arguments, shown};
use crate::mask::{Message, message};
use crate::shell::Script;
use crate::text::Text;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let profiles = document.get("profiles").map(Node::items).unwrap_or_default();
    for build in std::iter::once(document).chain(profiles).filter_map(|node| node.get("build")) {
        for artifact in build.get("artifacts").map(Node::items).unwrap_or_default() {
            let name = artifact.get("image").and_then(Node::text);
            let place =
                name.map_or_else(|| Message::own("an artifact"), |name| message!("artifact {}", shown(name)));
            read_artifact(artifact, &place, file);
        }
    }
}

/// Replaces `{{.NAME}}`.
fn to_shell(text: &Text) -> Text {
    without_references(text, References::Braces)
}

fn read_artifact(artifact: &Node, place: &Message, file: &mut CiFile) {
    let first = file.arguments.len();
    for builder in ["docker", "kaniko"] {
        if let Some(given) = artifact.at(&[builder, "buildArgs"]) {
            arguments::of_node(given, place, Given::Skaffold, &mut file.arguments);
        }
    }
    // Buildpacks keep these in the layers that they make.
    if let Some(given) = artifact.at(&["buildpacks", "env"]) {
        arguments::of_node(given, place, Given::Skaffold, &mut file.arguments);
    }
    for argument in file.arguments.iter_mut().skip(first) {
        argument.value = argument.value.as_ref().map(to_shell);
    }
    let mut job = Job::default();
    let custom = artifact.at(&["custom", "buildCommand"]).and_then(Node::text);
    job.scripts.extend(custom.map(|text| CiScript::shell(to_shell(text), place, &[])));
    for hook in
        ["before", "after"].iter().filter_map(|when| artifact.at(&["hooks", when])).flat_map(Node::items)
    {
        let Some(command) = hook.get("command") else { continue };
        let command = match &command.kind {
            Kind::List(words) => Script::Exec(words.iter().filter_map(Node::text).map(to_shell).collect()),
            Kind::Scalar(text) => script("sh", to_shell(text)),
            _ => continue,
        };
        job.scripts.push(CiScript::new(command, place, &[]));
    }
    file.job(job);
}
