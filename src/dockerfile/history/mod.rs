//! Aligns the instructions of a Dockerfile with the history of an image built from it.
//!
//! Every builder has its own spelling of the history, and none records the line of an entry. Each
//! instruction is therefore compared with each entry, and the two sequences are aligned as a whole. If a
//! mandatory instruction has no entry, this is not the image's Dockerfile.

mod align;
mod chain;
mod entry;
mod expected;
mod fields;
mod fits;
mod recipe;
mod template;
#[cfg(test)]
mod tests;
mod triggers;
mod written;

pub(crate) use recipe::{Doubt, Lineup, NoLineup, Past, Recipe, Together};
pub(crate) use written::{as_dockerfile, exec_form};
