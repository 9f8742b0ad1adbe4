//! Git data that is stored compressed: loose objects and packs. Configuration, refs and reflogs are plain
//! files and do not need this module.
//!
//! A layer's [`Objects`] receive every loose object ([`loose()`]) and every pack ([`pack()`]) while the layer
//! is walked. The content of each object is passed once to a [`Sink`], which searches it. At the end,
//! [`Objects::finish`] matches the results with commits and paths. Every commit counts, even if no branch
//! leads to it any more.
//!
//! Of the `gix` crates, `gix-object` parses commits, trees and headers, and `gix-hash` computes IDs.
//! `gix-pack` is not used. It reads packs that are memory-mapped as a whole and come with an index. Its
//! stream reader (`BytesToEntriesIter`) returns compressed bytes in buffers of any size and leaves decoding
//! to temporary files. Only the entry header would be left to use, which is thirty lines ([`entry`]) here and
//! eight more crates there. Its code for applying a delta is private, and allocates the whole result at the
//! size that the pack claims.

mod bases;
mod content;
mod delta;
mod entry;
mod file;
mod first;
mod graph;
mod inflate;
mod kept;
mod key;
mod loose;
mod objects;
mod pack;
mod plan;
mod rounds;
mod table;

#[cfg(test)]
mod tests;

use std::io;

pub(crate) use file::GitFile;
pub(crate) use gix_object::Kind;
pub(crate) use loose::{begins_loose, loose};
#[cfg(test)]
pub(crate) use objects::GitFinding;
pub(crate) use objects::Objects;
pub(crate) use pack::{begins_pack, pack};

use super::allowance::Allowance;
use crate::detect::Occurrence;
use crate::stream::Peek;

/// A function that searches the content of one object. Any content that it leaves unread is skipped.
pub(crate) type Sink<'a> = dyn FnMut(Kind, &mut dyn Peek) -> Vec<Occurrence> + 'a;

/// A function that opens the same pack again, at its first byte.
pub(crate) type Reread<'a> = dyn FnMut() -> io::Result<Box<dyn Peek + 'a>> + 'a;

/// The resource limits for one container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    /// The number of bytes that may still be decoded. Reading stops at zero.
    pub(crate) left: &'a Allowance,
    /// The number of bytes of a pack that may be kept in stored form, so that they can be decoded again.
    pub(crate) kept: usize,
    /// The number of object bytes that may be held because deltas need them.
    pub(crate) bases: usize,
    /// The number of objects of a pack whose location is remembered, at about 24 bytes each.
    pub(crate) rows: usize,
}

impl<'a> Limits<'a> {
    /// Returns the limits for one pack. `left` is the number of bytes that may still be decoded.
    pub(crate) fn new(left: &'a Allowance) -> Self {
        Self { left, kept: 32 << 20, bases: 32 << 20, rows: 1 << 20 }
    }
}
