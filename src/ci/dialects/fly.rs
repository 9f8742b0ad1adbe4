//! Fly.io (`fly.toml`): the build arguments.

use crate::ci::syntax::Node;
use crate::ci::{CiFile, Given, arguments};
use crate::mask::Message;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    if let Some(given) = document.at(&["build", "args"]) {
        arguments::of_node(given, &Message::own("`build.args`"), Given::Fly, &mut file.arguments);
    }
}
