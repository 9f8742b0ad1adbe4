//! Logins to the Hub in scripts, whatever file the script stands in: which steps log in or out, where the token files
//! lie, and what takes them away again.

mod acts;
mod cleanup;
mod paths;
pub(crate) mod python;
mod token_file;
mod traps;

pub(crate) use acts::{Act, Event, Reader, login_program, names_one_token};
pub(crate) use cleanup::{CleanUps, Removal};
pub(crate) use paths::{Paths, layer_path};
pub(crate) use token_file::covers;
