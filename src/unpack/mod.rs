//! What lies within a file: compressed streams, archives, and files within those, to any depth. Every
//! content is searched as it is, and each that can be decoded once more in its decoded form, with
//! [`via`](crate::detect::Occurrence::via) naming the way in. Nothing is written to disk, and no more of a
//! content is held than a window.

mod compressed;
mod format;
mod found;
mod git;
mod level;
mod limits;
mod raw;
mod tar;
mod zip;

pub use found::{Found, Trouble, TroubleKind};
pub use limits::MAX_IN_FILE;

use std::io;

use crate::stream::Peek;
use level::Level;
use limits::Limits;
use raw::Raw;

/// Searches the files of one layer, one after the other. What they may decode to together is limited.
#[derive(Default)]
pub struct Unpacker {
    limits: Limits,
}

impl Unpacker {
    /// For the files of one layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one file to its end and searches all that is in it. What was found before an error of the
    /// reader is kept.
    pub fn search(&mut self, file: &mut dyn Peek) -> (Found, io::Result<()>) {
        Level::new(self, 0).read(Raw::whole(file))
    }
}

#[cfg(test)]
mod tests;
