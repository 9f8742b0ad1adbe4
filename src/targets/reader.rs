//! The reader of one target, and the problems that all kinds of target share.

use super::Options;
use crate::engine::Scan;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::findings::Sealer;
use crate::mask::{Masked, Message};
use crate::source::Input;

/// Returns the problem for a target that is not of the requested kind.
pub(super) fn refused(detail: &'static str) -> Problem {
    Problem::error(Code::Unsupported, Place::Target, Message::own(detail))
}

pub(super) fn empty() -> Problem {
    Problem::error(Code::Truncated, Place::Target, Message::own("it is empty"))
}

/// Reads one target.
pub(super) struct Reader<'a> {
    pub(super) target: &'a Masked,
    /// Seals the findings in targets other than images.
    pub(super) sealer: Sealer<'a>,
    pub(super) options: &'a Options,
    pub(super) scan: Scan<'a>,
}

impl Reader<'_> {
    /// Adds the size of a file to the progress total, if the size is known.
    pub(super) fn announce(&self, input: &Input) {
        if let Some(size) = input.size {
            self.scan.progress.add_total(size);
        }
    }
}
