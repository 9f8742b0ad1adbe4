//! Dockerfiles: text to instructions with exact spans, stages, variables in scope and shell commands.
//!
//! Follows BuildKit's parser (`moby/buildkit`, `frontend/dockerfile`). [`parse`] never fails as a whole: a
//! line that BuildKit would reject is a [`Flaw`](crate::text::Flaw), and reading goes on. Every byte of a joined
//! instruction, of a word without its quotes and of a nested script knows where it came from ([`Text`]).

mod destination;
mod directive;
mod dockerignore;
mod expand;
mod heredoc;
pub mod history;
mod instruction;
mod json;
mod lines;
mod mount;
mod parser;
#[cfg(test)]
mod parser_tests;
mod pattern;
mod placeholder;
mod reach;
mod run;
mod scope;
mod stage;
#[cfg(test)]
mod tests;
mod words;

pub use destination::Destination;
pub(crate) use destination::normal;
pub use directive::{Directive, DirectiveName, Directives};
pub use dockerignore::{BadPattern, Dockerignore};
pub use expand::Value;
pub use heredoc::Heredoc;
pub use instruction::{Arguments, Comment, Dockerfile, Flag, Instruction, Keyword, Pair};
pub use mount::{Mount, MountKind, mounts};
pub use parser::{looks_like_dockerfile, parse};
pub use pattern::PathPattern;
pub use reach::Reach;
pub use run::run_script;
pub use scope::{Binding, Origin, Scope, Scopes};
pub use stage::{Base, Stage, find_from};
