//! What nested containers may cost, so that bombs and quines end.

use std::io::{self, Read};
use std::rc::Rc;

use super::allowance::Allowance;
use crate::mask::{Message, message};
use crate::stop::Stop;

/// Tokens that are listed of one file; there may be more in it.
pub(crate) const MAX_IN_FILE: usize = 1000;
/// Bytes to which the containers of one layer may decode together.
const MAX_DECODED: u64 = 64 << 30;
/// How deep containers may lie in each other.
const MAX_DEPTH: usize = 16;

/// What is left for one layer.
#[derive(Debug)]
pub(super) struct Limits {
    /// Shared with every decoder that is at work.
    decoded: Rc<Allowance>,
    depth: usize,
    /// Whether it has been said that the budget ran out.
    said: bool,
}

impl Limits {
    /// The limits of one layer, whose audit may have to end early.
    pub(super) fn new(stop: Stop) -> Self {
        Self::of(MAX_DECODED, MAX_DEPTH, stop)
    }

    pub(super) fn of(decoded: u64, depth: usize, stop: Stop) -> Self {
        Self { decoded: Rc::new(Allowance::new(decoded, stop)), depth, said: false }
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

    /// What may still be decoded, for a decoder that counts it down itself.
    pub(super) fn share(&self) -> Rc<Allowance> {
        Rc::clone(&self.decoded)
    }

    /// Whether nothing more may be decoded.
    pub(super) fn are_used_up(&self) -> bool {
        self.decoded.left() == 0
    }

    /// The message that nothing more may be decoded, once.
    pub(super) fn used_up(&mut self) -> Option<Message> {
        let first = self.decoded.is_used_up() && !self.said;
        self.said |= first;
        first.then(|| {
            message!(
                "the containers in it decode to more than {} GiB; the rest was not decoded",
                MAX_DECODED >> 30
            )
        })
    }

    /// Counts what `decoder` gives, and ends it where the budget or the audit ends.
    pub(super) fn meter<R: Read>(&self, decoder: R) -> Metered<R> {
        Metered { decoder, left: self.share(), has_given: false }
    }
}

/// A decoder whose output is counted.
pub(super) struct Metered<R> {
    decoder: R,
    left: Rc<Allowance>,
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
        if self.left.left() == 0 {
            return Ok(0);
        }
        let n = self.decoder.read(out)?;
        self.left.spend(n);
        self.has_given |= n > 0;
        Ok(n)
    }
}
