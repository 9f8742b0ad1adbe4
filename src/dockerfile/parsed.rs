//! A Dockerfile as a value.

use super::{Comment, Directives, Instruction, Stage};
use crate::text::Flaw;

/// A Dockerfile as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Dockerfile {
    /// The parser directives.
    pub directives: Directives,
    /// All instructions in order.
    pub instructions: Vec<Instruction>,
    /// All comments in order, directives not included.
    pub comments: Vec<Comment>,
    /// The stages in order.
    pub stages: Vec<Stage>,
    /// What BuildKit would reject, in order. What could be read of such a line is still there.
    pub(crate) flaws: Vec<Flaw>,
}
