//! Docker Buildx Bake: `args` of targets (Bake file reference, "target.args").

use super::{CiFile, Given, arguments, shown, tree::Node};
use crate::finding::Masked;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let blocks = document.entries().iter().filter(|(name, _)| name.as_bytes() == b"target");
    for (_, block) in blocks {
        // JSON may have a list of such maps.
        let maps = if block.items().is_empty() { std::slice::from_ref(block) } else { block.items() };
        for (name, target) in maps.iter().flat_map(Node::entries) {
            if let Some(args) = target.get("args") {
                let place = Masked::own(format!("target {}", shown(name)));
                arguments::of_node(args, &place, Given::Bake, &mut file.arguments);
            }
        }
    }
}
