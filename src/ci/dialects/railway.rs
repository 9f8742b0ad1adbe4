//! Railway (config as code) and Nixpacks (configuration file): the commands that run in the build of an image.

use crate::ci::syntax::Node;
use crate::ci::{CiFile, CiScript, Job, shown};
use crate::mask::{Message, message};

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let mut add = |node: &Node, place: Message| {
        let texts = node.text().into_iter().chain(node.items().iter().filter_map(Node::text));
        let scripts = texts.map(|text| CiScript::shell(text.clone(), &place, &[])).collect();
        file.job(Job { scripts, is_one_shell: false });
    };
    for key in ["buildCommand", "build_command"] {
        if let Some(command) = document.at(&["build", key]) {
            add(command, Message::own("the build command"));
        }
    }
    // Railway's file may hold a plan for Nixpacks.
    let plans = [Some(document), document.at(&["build", "nixpacksPlan"])];
    for (name, phase) in
        plans.into_iter().flatten().filter_map(|plan| plan.get("phases")).flat_map(Node::entries)
    {
        for key in ["cmds", "cmd"] {
            if let Some(commands) = phase.get(key) {
                add(commands, message!("phase {}", shown(name)));
            }
        }
    }
}
