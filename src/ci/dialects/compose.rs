//! Docker Compose: `services.*.build` (Compose specification, "Compose Build Specification").

use crate::ci::syntax::Node;
use crate::ci::to_shell::without_doubled;
use crate::ci::{CiFile, Given, arguments, shown};
use crate::mask::message;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let services = document.get("services").map(Node::entries).unwrap_or_default();
    for (name, service) in services {
        if let Some(args) = service.at(&["build", "args"]) {
            let place = message!("service {}", shown(name));
            arguments::of_node(args, &place, Given::Compose, &mut file.arguments);
        }
        if let Some(text) = service.at(&["build", "dockerfile_inline"]).and_then(Node::text) {
            file.dockerfiles.push(without_doubled(text, b"$$"));
        }
    }
}
