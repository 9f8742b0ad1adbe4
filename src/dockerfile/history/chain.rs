//! The instructions that lead to the image of a stage: those of the stages it is based on, followed by its
//! own.

use crate::dockerfile::{Base, Dockerfile, Keyword};

/// The instructions that a build of one stage runs.
#[derive(Default)]
pub(super) struct Chain {
    /// The numbers of the steps, in the order in which they run.
    pub(super) instructions: Vec<usize>,
    /// Whether the chain begins with an empty image, that is, the first stage is `FROM scratch`.
    pub(super) from_scratch: bool,
}

impl Chain {
    /// Returns the chain to the stage with that index. `of_stage` holds the instructions of each stage.
    pub(super) fn to(stage: usize, dockerfile: &Dockerfile, of_stage: &[Vec<usize>]) -> Self {
        let mut stages = Vec::new();
        let mut next = Some(stage);
        let mut from_scratch = false;
        while let Some(stage) = next.and_then(|index| dockerfile.stages.get(index)) {
            stages.push(stage.index);
            next = match &stage.base {
                Base::Stage(base) => Some(*base).filter(|base| *base < stage.index),
                Base::Image(image) => {
                    from_scratch = image == "scratch" && is_literal(dockerfile, stage.index);
                    None
                }
            };
        }
        let instructions = stages.iter().rev().filter_map(|stage| of_stage.get(*stage)).flatten().copied();
        Self { instructions: instructions.collect(), from_scratch }
    }
}

/// Returns true if the base of a stage is written literally. The meaning of `FROM $BASE` depends on the
/// build.
fn is_literal(dockerfile: &Dockerfile, stage: usize) -> bool {
    let from = dockerfile
        .instructions
        .iter()
        .find(|instruction| instruction.stage == Some(stage) && instruction.keyword == Keyword::From);
    let base = from.and_then(|from| from.words().first());
    base.is_some_and(|base| base.as_bytes() == b"scratch")
}
