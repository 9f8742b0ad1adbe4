//! What git keeps compressed: loose objects and packs. Configuration, refs and reflogs are plain files and
//! need nothing of this.
//!
//! A layer's [`Objects`] are told of every loose object ([`loose()`]) and every pack ([`pack()`]) while the layer
//! is walked. Each object's content goes once to a [`Sink`], which searches it. At the end
//! [`Objects::finish`] lines up what was found with commits and paths: any commit counts, also one that no
//! branch leads to any more.
//!
//! Of the `gix` crates, `gix-object` reads commits, trees and headers, and `gix-hash` makes ids. `gix-pack`
//! is not used. It reads packs that are mapped into memory as a whole and have an index beside them; its
//! reader of streams (`BytesToEntriesIter`) gives compressed bytes in buffers of any size and leaves decoding
//! to temporary files; what would be left is the header of an entry, which is thirty lines ([`entry`]), for
//! eight more crates. Applying a delta is private there, and wants the whole result allocated as large as the
//! pack claims it to be.

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

/// Searches the content of one object. What it leaves unread is passed over.
pub(crate) type Sink<'a> = dyn FnMut(Kind, &mut dyn Peek) -> Vec<Occurrence> + 'a;

/// Opens the same pack once more, at its first byte.
pub(crate) type Reread<'a> = dyn FnMut() -> io::Result<Box<dyn Peek + 'a>> + 'a;

/// What one container may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    /// Bytes that may still be decoded. Counted down; at zero the reading stops.
    pub(crate) left: &'a Allowance,
    /// Bytes of a pack that may be kept as they are stored, so that they can be decoded again.
    pub(crate) kept: usize,
    /// Bytes of objects that may be held because deltas need them.
    pub(crate) bases: usize,
    /// Objects of a pack whose place is remembered, at some 24 bytes each.
    pub(crate) rows: usize,
}

impl<'a> Limits<'a> {
    /// The limits of one pack; `left` is how much may still be decoded.
    pub(crate) fn new(left: &'a Allowance) -> Self {
        Self { left, kept: 32 << 20, bases: 32 << 20, rows: 1 << 20 }
    }
}
