//! A small parser of POSIX shell scripts, as far as an audit needs one. It returns the simple commands in
//! the order in which they run, with words, redirections and here-documents, and the scripts nested in
//! them.
//!
//! It never fails. Text that it does not understand is returned as words of some command.

mod branches;
mod command;
mod nested;
mod parser;
mod quoting;
mod script;
mod script_file;
mod steps;
mod wrappers;

pub(crate) use command::{Command, Redirect, Redirection, Word};
pub(crate) use parser::commands;
pub(crate) use script::{Language, Script, shebang};
pub(crate) use script_file::{ScriptFile, ScriptPath, script_file};
pub(crate) use steps::{HereDocument, Step, StepKind, steps};
pub(crate) use wrappers::ENVIRONMENT;
