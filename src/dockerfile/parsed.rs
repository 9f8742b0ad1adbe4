//! A Dockerfile as a value.

use super::{Base, Comment, Directives, Instruction, Stage};
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

impl Dockerfile {
    /// Returns true if a stage is the other one, or is based on it over any number of stages.
    pub(crate) fn is_based_on(&self, stage: usize, other: usize) -> bool {
        let base = |&stage: &usize| match self.stages.get(stage)?.base {
            Base::Stage(base) => Some(base).filter(|base| *base < stage),
            Base::Image(_) => None,
        };
        std::iter::successors(Some(stage), base).any(|stage| stage == other)
    }
}
