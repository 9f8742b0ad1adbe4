//! The tree that the YAML, JSON and HCL parsers return. Each part of it has its position in the file.

use std::collections::HashSet;

use crate::text::{Span, Text};

/// The maximum depth of a tree. Deeper parts are left out.
pub(super) const MAX_DEPTH: usize = 96;

/// A value.
#[derive(Debug, Clone)]
pub(in crate::ci) struct Node {
    pub(in crate::ci) kind: Kind,
    pub(in crate::ci) span: Span,
}

#[derive(Debug, Clone)]
pub(in crate::ci) enum Kind {
    Null,
    Scalar(Text),
    List(Vec<Node>),
    /// A map, which may contain a key more than once.
    Map(Vec<(Text, Node)>),
    /// `!reference [job, key]` of GitLab.
    Reference(Vec<Text>),
    /// An HCL expression that is not a literal: its relevant variables in shell syntax, and the values
    /// among its parts.
    Expression(Text, Vec<Node>),
}

impl Node {
    pub(super) fn null(at: usize) -> Self {
        Self { kind: Kind::Null, span: Span::new(at, at) }
    }

    /// Returns the entries of a map.
    pub(in crate::ci) fn entries(&self) -> &[(Text, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list.
    pub(in crate::ci) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the value of a key. If the map contains the key more than once, the last value is used.
    pub(in crate::ci) fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.entries().iter().rev();
        entries.find(|(name, _)| name.as_bytes() == key.as_bytes()).map(|(_, value)| value)
    }

    /// Returns the value at a path of keys through several maps.
    pub(in crate::ci) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a scalar.
    pub(in crate::ci) fn text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the weight of this node and everything below it. Each value counts at least once, and long
    /// texts count more. The sum stops at `limit`, because a larger one makes no difference.
    pub(in crate::ci) fn weight(&self, limit: usize) -> usize {
        let text = |text: &Text| 1 + text.len() / 64;
        let mut weight = 1;
        let mut waiting = vec![self];
        while let Some(node) = waiting.pop() {
            weight += match &node.kind {
                Kind::Null => 1,
                Kind::Scalar(scalar) => text(scalar),
                Kind::List(items) => {
                    waiting.extend(items);
                    1
                }
                Kind::Map(entries) => {
                    waiting.extend(entries.iter().map(|(_, value)| value));
                    entries.iter().map(|(key, _)| text(key)).sum::<usize>()
                }
                Kind::Reference(words) => words.iter().map(text).sum(),
                Kind::Expression(scalar, parts) => {
                    waiting.extend(parts);
                    text(scalar)
                }
            };
            if weight > limit {
                return limit;
            }
        }
        weight
    }

    /// Returns the nesting depth of maps and lists.
    pub(in crate::ci) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut level = vec![self];
        while !level.is_empty() {
            depth += 1;
            let inner = level.iter().flat_map(|node| {
                let values = node.entries().iter().map(|(_, value)| value);
                values.chain(node.items())
            });
            level = inner.collect();
        }
        depth
    }
}

/// Appends the entries of merged maps (`<<: *defaults`) to those of the map itself.
pub(super) fn merge(entries: &mut Vec<(Text, Node)>, merged: Vec<Node>) {
    if merged.is_empty() {
        return;
    }
    let mut known: HashSet<Vec<u8>> = entries.iter().map(|(key, _)| key.as_bytes().to_vec()).collect();
    for node in merged {
        let maps = match node.kind {
            Kind::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            if let Kind::Map(inner) = map.kind {
                entries.extend(inner.into_iter().filter(|(key, _)| known.insert(key.as_bytes().to_vec())));
            }
        }
    }
}
