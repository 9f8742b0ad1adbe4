//! Runs the binary as users do.
//!
//! All tests are modules of one test binary, because linking takes as long for one as for all. Shared code is
//! in `support`.

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
mod masked;
mod page;
mod policy;
mod promises;
mod recall;
mod reports;
mod rooms;
