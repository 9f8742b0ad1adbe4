//! A Dockerfile's instructions and the history of an image that was built from it, lined up.
//!
//! Every builder writes the history in its own spelling; none says from which line an entry comes. So each
//! instruction is asked whether an entry may be its own, and the two sequences are aligned as wholes: an
//! instruction that must have left an entry and has none means that this is not the image's Dockerfile.

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

pub(crate) use recipe::{Doubt, Lineup, NoLineup, Past, Recipe, Together};
