//! Builds the findings of a report.
//!
//! The audit of a target produces [`Draft`]s and problems, in which all facts are typed and nothing is masked.
//! [`Sealer`] masks them and puts them into words. [`finish()`] orders and numbers the findings of all targets.

mod anchor;
mod draft;
mod file;
mod finish;
mod hit;
pub(crate) mod image;
mod seal;
mod site;
mod words;

pub(crate) use anchor::Anchor;
pub(crate) use draft::{Draft, Drafts, Order};
pub(crate) use file::occurrence_drafts;
pub(crate) use finish::{Audited, finish};
pub(crate) use hit::{ci_draft, dockerfile_draft};
pub(crate) use image::BuiltFrom;
pub(crate) use image::Selection;
pub(crate) use seal::{ImageText, Sealer};
pub(crate) use site::{AlsoFile, AlsoSite, BlobSite, DocumentSite, FileSite, LayerSite, Site};
