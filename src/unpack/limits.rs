//! What nested containers may cost, so that bombs and quines end.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::mask::{Message, message};

/// Tokens that are listed of one file; there may be more in it.
pub const MAX_IN_FILE: usize = 1000;
/// Bytes to which the containers of one layer may decode together.
const MAX_DECODED: u64 = 64 << 30;
/// How deep containers may lie in each other.
const MAX_DEPTH: usize = 16;

/// What is left for one layer.
#[derive(Debug)]
pub(super) struct Limits {
    /// Shared with every decoder that is at work.
    decoded: Rc<Cell<u64>>,
    depth: usize,
    /// Whether it has been said that the budget ran out.
    said: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(MAX_DECODED, MAX_DEPTH)
    }
}

impl Limits {
    pub(super) fn of(decoded: u64, depth: usize) -> Self {
        Self { decoded: Rc::new(Cell::new(decoded)), depth, said: false }
    }

    /// Whether content may lie within that many containers.
    pub(super) fn allow(&self, depth: usize) -> bool {
        depth <= self.depth
    }

    /// The message about a container that lies deeper.
    pub(super) fn too_deep(&self) -> Message {
        message!(
            "containers lie more than {} deep in each other; what lies deeper was not decoded",
            self.depth
        )
    }

    /// How many bytes may still be decoded.
    pub(super) fn left(&self) -> u64 {
        self.decoded.get()
    }

    /// The same, for a decoder that counts it down itself.
    pub(super) fn share(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.decoded)
    }

    /// Whether nothing more may be decoded.
    pub(super) fn are_used_up(&self) -> bool {
        self.left() == 0
    }

    /// The message that nothing more may be decoded, once.
    pub(super) fn used_up(&mut self) -> Option<Message> {
        let first = self.are_used_up() && !self.said;
        self.said |= first;
        first.then(|| {
            message!(
                "the containers in it decode to more than {} GiB; the rest was not decoded",
                MAX_DECODED >> 30
            )
        })
    }

    /// Counts what `decoder` gives, and ends it where the budget ends.
    pub(super) fn meter<R: Read>(&self, decoder: R) -> Metered<R> {
        Metered { decoder, left: Rc::clone(&self.decoded), has_given: false }
    }
}

/// A decoder whose output is counted.
pub(super) struct Metered<R> {
    decoder: R,
    left: Rc<Cell<u64>>,
    has_given: bool,
}

impl<R> Metered<R> {
    /// Whether anything came of it.
    pub(super) fn has_given(&self) -> bool {
        self.has_given
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Ok(0);
        }
        let n = self.decoder.read(out)?;
        // The decoder around this one may have counted meanwhile.
        self.left.set(self.left.get().saturating_sub(n as u64));
        self.has_given |= n > 0;
        Ok(n)
    }
}
