//! Docker Buildx Bake: the `args` of targets (Bake file reference, "target.args"), including the file's own
//! variables.

use crate::ci::syntax::{Kind, Node};
use crate::ci::to_shell::without_doubled;
use crate::ci::{Carriers, CiFile, Given, arguments, shown};
use crate::mask::message;
use crate::text::Text;

/// The maximum number of rounds in which variables that refer to others are resolved.
const MAX_ROUNDS: usize = 8;

pub(super) fn read(document: &Node, file: &mut CiFile) {
    let carriers = variables(document);
    for (name, target) in blocks(document, b"target") {
        let place = message!("target {}", shown(name));
        if let Some(args) = target.get("args") {
            let first = file.arguments.len();
            arguments::of_node(args, &place, Given::Bake, &mut file.arguments);
            let carriers = with_matrix(&carriers, target);
            file.arguments.iter_mut().skip(first).for_each(|argument| carriers.mark(argument));
        }
        if let Some(text) = target.get("dockerfile-inline").and_then(Node::text) {
            file.dockerfiles.push(without_doubled(text, b"$${"));
        }
    }
}

/// Returns the blocks of a kind, with their labels.
fn blocks<'a>(document: &'a Node, kind: &'static [u8]) -> impl Iterator<Item = &'a (Text, Node)> {
    let blocks = document.entries().iter().filter(move |(name, _)| name.as_bytes() == kind);
    blocks.flat_map(|(_, block)| {
        // In JSON, the maps may be in a list.
        let maps = if block.items().is_empty() { std::slice::from_ref(block) } else { block.items() };
        maps.iter().flat_map(Node::entries)
    })
}

/// Returns the variables of the file that are given a token.
fn variables(document: &Node) -> Carriers {
    let mut carriers = Carriers::default();
    let declared =
        blocks(document, b"variable").filter_map(|(name, block)| Some((name, block.get("default")?)));
    let plain = document.entries().iter().map(|(name, value)| (name, value));
    let set: Vec<_> =
        declared.chain(plain).filter_map(|(name, value)| Some((name, value_of(value)?))).collect();
    for _ in 0..MAX_ROUNDS {
        for (name, value) in &set {
            carriers.set(&name.to_str(), &value.to_str());
        }
    }
    carriers
}

/// Adds the variables of a target's matrix.
fn with_matrix(carriers: &Carriers, target: &Node) -> Carriers {
    let mut carriers = carriers.clone();
    for (name, values) in target.get("matrix").map(Node::entries).unwrap_or_default() {
        for value in values.items() {
            let inner = value.entries().iter().map(|(_, value)| value);
            for value in std::iter::once(value).chain(inner).filter_map(value_of) {
                carriers.set(&name.to_str(), &value.to_str());
            }
        }
    }
    carriers
}

fn value_of(node: &Node) -> Option<&Text> {
    match &node.kind {
        Kind::Scalar(text) | Kind::Expression(text, _) => Some(text),
        _ => None,
    }
}
