//! A Dockerfile as a value.

use super::{Comment, Directives, Instruction, Stage};
use crate::text::Flaw;

/// A parsed Dockerfile.
#[derive(Debug, Clone)]
pub(crate) struct Dockerfile {
    pub directives: Directives,
    /// All instructions in order.
    pub instructions: Vec<Instruction>,
    /// All comments in order, without directives.
    pub comments: Vec<Comment>,
    pub stages: Vec<Stage>,
    /// The faults for which BuildKit would reject the file, in order. The readable part of such a line is
    /// kept.
    pub(crate) flaws: Vec<Flaw>,
}
