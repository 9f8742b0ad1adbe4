//! Development containers (containers.dev, "Dev Container metadata reference"): `build` and the lifecycle commands.

use crate::ci::build_command::Build;
use crate::ci::syntax::{Kind, Node};
use crate::ci::{BuildArgument, CiFile, CiScript, Given, Job, arguments, shown};
use crate::mask::{Message, message};
use crate::shell::{Language, Script, Word};

/// The lifecycle commands, in the order in which they run.
const COMMANDS: [&str; 6] = [
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
];

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let build = document.get("build");
    if let Some(args) = build.and_then(|build| build.get("args")) {
        let place = Message::own("`build.args`");
        arguments::of_node(args, &place, Given::Devcontainer, &mut file.arguments);
    }
    if let Some(options) = build.and_then(|build| build.get("options")) {
        let place = Message::own("`build.options`");
        let mut words = vec![word("build")];
        words.extend(
            options
                .items()
                .iter()
                .filter_map(Node::text)
                .map(|text| Word { text: text.clone(), ..Word::default() }),
        );
        let given = Build::of_command("docker", &words).map(|build| build.arguments).unwrap_or_default();
        let given = given.iter().map(|text| BuildArgument::from_text(text, &place, Given::Devcontainer));
        file.arguments.extend(given);
    }
    let variables = ["containerEnv", "remoteEnv"].iter().filter_map(|key| document.get(key));
    let variables = variables.flat_map(Node::entries).map(|(name, value)| (name, value.text()));
    let environment: Vec<_> = crate::ci::environment(variables).into_iter().collect();
    let mut job = Job::default();
    for name in COMMANDS {
        let Some(command) = document.get(name) else { continue };
        let mut scripts = Vec::new();
        if command.entries().is_empty() {
            scripts.extend(script(command).map(|script| (script, message!("`{}`", name))));
        }
        for (key, command) in command.entries() {
            scripts.extend(script(command).map(|script| (script, message!("`{}`, {}", name, shown(key)))));
        }
        job.scripts
            .extend(scripts.into_iter().map(|(script, place)| CiScript::new(script, &place, &environment)));
    }
    file.jobs.push(job);
}

/// A string is run by a shell, and a list is run directly.
fn script(command: &Node) -> Option<Script> {
    match &command.kind {
        Kind::Scalar(text) => Some(Script::Text { language: Language::Shell, text: text.clone() }),
        Kind::List(words) => {
            Some(Script::Exec(words.iter().filter_map(|word| word.text().cloned()).collect()))
        }
        _ => None,
    }
}

/// Creates a word that is not in the file.
fn word(text: &str) -> Word {
    let mut word = Word::default();
    word.text.push(text.as_bytes(), crate::text::Span::default());
    word
}
