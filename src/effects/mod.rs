//! What scripts do with tokens and with the files that hold them, whatever file a script stands in.

mod acts;
mod cleanup;
mod flow;
mod origin;
mod paths;
pub(crate) mod python;
mod token_file;
mod traps;
pub(crate) mod url;

pub(crate) use acts::{Act, Event, LOGOUT, Reader, login_program};
pub(crate) use cleanup::{CleanUps, Removal};
pub(crate) use flow::{Carried, Flow, expanded};
pub(crate) use origin::{Origin, Source, holds_word, is_in_environment, origin};
pub(crate) use paths::{Paths, layer_path};
pub(crate) use token_file::covers;
