//! Resource limits for nested containers, so that reading bombs and quines ends.

use std::io::{self, Read};
use std::rc::Rc;

use super::allowance::Allowance;
use crate::mask::{Message, message};
use crate::stop::Stop;

/// The maximum number of tokens listed for one file. The file may hold more.
pub(crate) const MAX_IN_FILE: usize = 1000;
/// The maximum total number of bytes decoded from the containers of one layer.
const MAX_DECODED: u64 = 64 << 30;
/// The maximum nesting depth of containers.
const MAX_DEPTH: usize = 16;
/// The maximum number of zeros that stand for holes in the sparse files of one layer. Beyond it, a few zeros stand
/// for each hole. It does not depend on lengths that the archive claims.
const ZEROS: u64 = 1 << 30;

/// The remaining limits of one layer.
#[derive(Debug)]
pub(super) struct Limits {
    /// The allowance, shared with every active decoder.
    decoded: Rc<Allowance>,
    depth: usize,
    /// The zeros that are left for holes of sparse files.
    pub(super) zeros: u64,
    /// Whether the exhausted budget has been reported.
    said: bool,
}

impl Limits {
    /// Creates the limits of one layer, whose audit may have to end early.
    pub(super) fn new(stop: Stop) -> Self {
        Self::of(MAX_DECODED, MAX_DEPTH, stop)
    }

    pub(super) fn of(decoded: u64, depth: usize, stop: Stop) -> Self {
        Self { decoded: Rc::new(Allowance::new(decoded, stop)), depth, zeros: ZEROS, said: false }
    }

    /// Returns true if content at this depth may be read.
    pub(super) fn allow(&self, depth: usize) -> bool {
        depth <= self.depth
    }

    /// Returns the message about a container that is nested too deeply.
    pub(super) fn too_deep(&self) -> Message {
        message!("containers are nested more than {} deep; what is deeper was not decoded", self.depth)
    }

    /// Returns the remaining allowance, for a decoder that counts it down itself.
    pub(super) fn share(&self) -> Rc<Allowance> {
        Rc::clone(&self.decoded)
    }

    /// Returns true if nothing more may be decoded.
    pub(super) fn are_used_up(&self) -> bool {
        self.decoded.left() == 0
    }

    /// Returns the message that the budget is exhausted, once.
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

    /// Counts the output of `decoder`, and ends it when the budget is spent or the audit ends.
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
    /// Returns true if the decoder has yielded any bytes.
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
