//! The syntaxes of CI files, each parsed into the same tree, in which every part has its place in the file.

mod align;
mod hcl;
mod json;
mod toml;
mod tree;
mod yaml;

pub(super) use tree::{Kind, Node};

use crate::text::Flaw;

/// The syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Yaml,
    /// JSON, with comments and trailing commas allowed.
    Json,
    Hcl,
    Toml,
    /// Lines of text, which a dialect reads by itself.
    Plain,
}

/// Parses the documents of a file, and returns the flaw if there is one. `text` begins at `base` in the file.
pub(super) fn parse(syntax: Syntax, text: &str, base: usize) -> (Vec<Node>, Option<Flaw>) {
    let one = |parsed: Result<Node, Flaw>| match parsed {
        Ok(node) => (vec![node], None),
        Err(flaw) => (Vec::new(), Some(flaw)),
    };
    match syntax {
        Syntax::Yaml => yaml::parse(text, base),
        Syntax::Json => one(json::parse(text, base)),
        Syntax::Hcl => one(hcl::parse(text, base)),
        Syntax::Toml => one(toml::parse(text, base)),
        Syntax::Plain => (Vec::new(), None),
    }
}
