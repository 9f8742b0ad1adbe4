//! The dialects, one file for each. A dialect reads a parsed file, or the lines of a text.

mod actions;
mod azure;
mod bake;
mod bitbucket;
mod circleci;
mod cloud_build;
mod cog;
mod compose;
mod devcontainer;
mod drone;
mod earthly;
mod fly;
mod github_env;
mod gitlab;
mod groovy;
mod image;
mod inputs;
mod jenkins;
mod just;
mod lines;
mod make;
mod pods;
mod railway;
mod scripts;
mod skaffold;
mod task;

use super::syntax::Node;
use super::{CiFile, CiScript, Dialect, Job, shown, to_shell};
use crate::mask::{Message, message};
use crate::text::Text;

/// Reads a document of a file.
pub(super) fn read_document(document: &Node, file: &mut CiFile) {
    match file.dialect {
        Dialect::Compose => compose::read(document, file),
        Dialect::Bake => bake::read(document, file),
        Dialect::Devcontainer => devcontainer::read(document, file),
        Dialect::Actions => actions::read(document, file),
        Dialect::GitLab => gitlab::read(document, file),
        Dialect::Azure => azure::read(document, file),
        Dialect::Bitbucket => bitbucket::read(document, file),
        Dialect::CircleCi => circleci::read(document, file),
        Dialect::Drone => drone::read(document, file),
        Dialect::CloudBuild => cloud_build::read(document, file),
        Dialect::Pods => pods::read(document, file),
        Dialect::Skaffold => skaffold::read(document, file),
        Dialect::Cog => cog::read(document, file),
        Dialect::Railway => railway::read(document, file),
        Dialect::Fly => fly::read(document, file),
        Dialect::Task => task::read(document, file),
        Dialect::Npm => scripts::read_npm(document, file),
        Dialect::Python => scripts::read_python(document, file),
        Dialect::Jenkins
        | Dialect::Make
        | Dialect::Just
        | Dialect::Earthly
        | Dialect::Shell
        | Dialect::PowerShell
        | Dialect::Batch => {}
    }
}

/// Reads a file that is no tree.
pub(super) fn read_text(text: &Text, file: &mut CiFile) {
    match file.dialect {
        Dialect::Make => make::read(text, file),
        Dialect::Just => just::read(text, file),
        Dialect::Jenkins => jenkins::read(text, file),
        Dialect::Earthly => earthly::read(text, file),
        Dialect::PowerShell => whole(to_shell::from_powershell(text), file),
        Dialect::Batch => whole(to_shell::from_batch(text), file),
        _ => whole(text.clone(), file),
    }
}

/// Reads a file that is one script.
fn whole(text: Text, file: &mut CiFile) {
    let script = CiScript::shell(text, &Message::own("the script"), &[]);
    file.job(Job { scripts: vec![script], is_one_shell: false });
}

/// Returns the place of a step in words: "PREFIX step `name`", or its number if it has no name.
fn step_place(prefix: &Message, name: Option<&Text>, number: usize) -> Message {
    let name = name.map_or_else(|| message!("{}", number), shown);
    message!("{}step {}", prefix, name)
}
