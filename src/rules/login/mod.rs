//! Logins to the Hub in scripts, whatever file the script stands in: which steps log in or out, where the token files
//! lie, and what takes them away again.

mod acts;
mod cleanup;
mod paths;
pub(super) mod python;
mod token_file;
mod traps;

pub(super) use acts::{Act, Event, LOGOUT, Reader, login_program};
pub(super) use cleanup::{CleanUps, Removal};
pub(super) use paths::{Paths, layer_path};
pub(super) use token_file::covers;
