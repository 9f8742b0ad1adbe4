//! Shared code of the integration tests: generated tokens, images made by hand and with real tools, and the
//! runner of the binary.
//!
//! `tests/integration` and `tests/oracle` each use a part of it.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "test code: each binary uses a part, and a panic is the failure"
)]

pub mod broken;
pub mod browser;
pub mod cache;
pub mod expect;
pub mod files;
pub mod image;
pub mod page;
pub mod place;
pub mod registry;
pub mod run;
pub mod source;
pub mod tar;
pub mod token;
pub mod tools;

pub use files::{Files, Item};
pub use image::{Compression, Image, Layer, Layout};
pub use place::Place;
pub use run::{Outcome, Stdin, scan, scan_by_any_jobs, scan_measured, scan_with, stowaway, stowaway_cached};
pub use tar::Tar;
pub use token::{Kind, Token};
