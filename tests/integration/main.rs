//! The binary, run as its users run it.
//!
//! One test binary, since each takes as long to link as all of them: a file here is a module. `support` has what they
//! share.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test code: a panic is the failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod dockerfile;
mod image;
mod recall;
mod rooms;
