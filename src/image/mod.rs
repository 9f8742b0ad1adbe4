//! The structure of an image: from index to manifest to config to layers, the alignment of history and
//! layers, and the files that each layer hides.

mod artifacts;
mod config;
mod contents;
mod docker_archive;
mod document;
mod field;
mod hiding;
mod history;
mod inventory;
mod legacy_archive;
mod manifest;
mod places;
mod platform;
mod resolve;
mod resolved;

pub(crate) use crate::hub::files::Keeper;
pub(crate) use config::Config;
pub(crate) use contents::{TableOfContents, parts};
pub(crate) use document::{Document, DocumentError, Documents, MAX_DOCUMENT, MAX_DOCUMENTS, parse};
pub(crate) use field::{Field, FieldStep, Visited, for_each_string};
pub(crate) use hiding::{LayerPaths, PathHashes, is_whiteout};
pub(crate) use inventory::Inventory;
pub(crate) use places::Places;
pub use platform::{Platform, PlatformFilter};
pub(crate) use resolve::resolve;
pub(crate) use resolved::{DocumentRef, Image, Layer, Resolved};
