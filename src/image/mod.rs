//! What an image is: index to manifest to config to layers, history lined up with layers, and which
//! layer hides what.

mod config;
mod docker_archive;
mod document;
mod hiding;
mod history;
mod inventory;
mod manifest;
mod places;
mod platform;
mod resolve;

pub use crate::hub::files::Keeper;
pub use config::Config;
pub use document::{DocumentError, Field, for_each_string, parse};
pub use hiding::{LayerPaths, PathHashes, is_whiteout};
pub use history::align;
pub use inventory::{Inventory, MAX_DOCUMENT, claimed_digest};
pub use places::Places;
pub use platform::{Platform, PlatformFilter};
pub use resolve::{DocumentRef, Image, Layer, Problem, Resolved, resolve};
