//! Dockerfiles: instructions with exact spans, stages, variables in scope and shell commands.
//!
//! Follows BuildKit's parser (`moby/buildkit`, `frontend/dockerfile`). [`parse`] never fails as a whole. A
//! line that BuildKit would reject becomes a [`Flaw`](crate::text::Flaw), and parsing continues. Every byte
//! of a joined instruction, of an unquoted word and of a nested script knows its source position
//! ([`crate::text::Text`]).

mod copy;
mod destination;
mod directive;
mod dockerignore;
mod expand;
mod heredoc;
pub(crate) mod history;
mod instruction;
mod json;
mod lines;
mod mount;
mod parsed;
mod parser;
#[cfg(test)]
mod parser_tests;
mod pattern;
mod placeholder;
mod reach;
mod run;
mod scope;
mod stage;
mod stages;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub(crate) use copy::Copy;
pub(crate) use destination::Destination;
pub(crate) use destination::{UNKNOWN, is_usual_directory, normal};
pub(crate) use directive::{DirectiveName, Directives};
pub(crate) use dockerignore::Dockerignore;
pub(crate) use heredoc::Heredoc;
pub(crate) use instruction::{Arguments, Comment, Flag, Instruction, Keyword, Pair};
pub(crate) use mount::{Mount, MountKind, mounts};
pub(crate) use parsed::Dockerfile;
pub(crate) use parser::{looks_like_dockerfile, parse};
pub(crate) use pattern::PathPattern;
pub(crate) use reach::Reach;
pub(crate) use run::run_script;
pub(crate) use scope::{Carriers, Origin, Scope, Scopes};
pub(crate) use stage::{Base, Stage, find_from};
pub(crate) use value::Value;
