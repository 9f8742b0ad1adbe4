//! Build arguments as maps, lists and lines.

use super::syntax::{Kind, Node};
use super::{BuildArgument, Given, Reach};
use crate::mask::Message;
use crate::text::Text;

/// Collects the build arguments of a map (`NAME: value`) or a list (`- NAME=value`). In HCL, they may be an
/// expression with maps in it.
pub(super) fn of_node(node: &Node, place: &Message, given: Given, out: &mut Vec<BuildArgument>) {
    match &node.kind {
        Kind::Map(entries) => {
            for (name, value) in entries {
                let value = match &value.kind {
                    Kind::Scalar(text) | Kind::Expression(text, _) => Some(text.clone()),
                    // Compose takes the value from the environment. The other tools omit the argument.
                    Kind::Null if given == Given::Compose => None,
                    _ => continue,
                };
                let (name, place) = (name.clone(), place.clone());
                let (span, carries, reach) = (name.span(), false, Reach::Unknown);
                out.push(BuildArgument { name, value, span, place, given, carries, reach });
            }
        }
        Kind::List(items) => {
            out.extend(
                items.iter().filter_map(Node::text).map(|text| BuildArgument::from_text(text, place, given)),
            );
        }
        Kind::Expression(_, parts) => {
            for part in parts.iter().filter(|part| matches!(part.kind, Kind::Map(_) | Kind::Expression(..))) {
                of_node(part, place, given, out);
            }
        }
        Kind::Null | Kind::Scalar(_) | Kind::Reference(_) => {}
    }
}

impl BuildArgument {
    /// Parses `NAME=value`, or `NAME` alone.
    pub(crate) fn from_text(text: &Text, place: &Message, given: Given) -> Self {
        let text = text.trimmed();
        let equals = memchr::memchr(b'=', text.as_bytes());
        let name = text.slice(0..equals.unwrap_or(text.len())).trimmed();
        let value = equals.map(|at| text.slice(at + 1..text.len()));
        let (span, place) = (text.span(), place.clone());
        Self { name, value, span, place, given, carries: false, reach: Reach::Unknown }
    }

    /// Returns the variable that the whole value comes from: `$NAME` or `${NAME}`, or the name itself if there is no
    /// value.
    pub(crate) fn variable(&self) -> Option<String> {
        let Some(value) = &self.value else { return Some(self.name.to_str().into_owned()) };
        let value = value.to_str();
        let name = value.trim().strip_prefix('$')?;
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        let name = name.split_once(":-").map_or(name, |(name, _)| name);
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then(|| name.to_owned())
    }
}
