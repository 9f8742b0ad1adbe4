//! The steps of a build: the instructions of the file, followed by the triggers that its stages run.
//!
//! `FROM base` runs the triggers of `base` before its own instructions, and the new image does not have them.

use crate::dockerfile::{Base, Dockerfile, Instruction};

/// A trigger, as a step of the stage that runs it.
pub(super) struct Trigger {
    /// The index of the `ONBUILD` instruction.
    onbuild: usize,
    /// The stage that runs it.
    stage: usize,
}

/// The steps of a build by number: those below the number of instructions are the instructions.
pub(super) struct Steps {
    triggers: Vec<Trigger>,
}

impl Steps {
    /// Returns the steps of a Dockerfile.
    pub(super) fn of(dockerfile: &Dockerfile) -> Self {
        let mut set = vec![Vec::new(); dockerfile.stages.len()];
        for (number, instruction) in dockerfile.instructions.iter().enumerate() {
            if let Some(set) =
                instruction.stage.filter(|_| instruction.is_onbuild()).and_then(|s| set.get_mut(s))
            {
                set.push(number);
            }
        }
        let triggers = dockerfile.stages.iter().flat_map(|stage| {
            let set = match &stage.base {
                Base::Stage(base) => set.get(*base),
                Base::Image(_) => None,
            };
            set.into_iter().flatten().map(|&onbuild| Trigger { onbuild, stage: stage.index })
        });
        Self { triggers: triggers.take(MAX_TRIGGERS).collect() }
    }

    /// Returns the numbers of all steps.
    pub(super) fn numbers(&self, dockerfile: &Dockerfile) -> std::ops::Range<usize> {
        0..dockerfile.instructions.len() + self.triggers.len()
    }

    /// Returns the numbers of all steps, so that a stage runs the triggers first.
    pub(super) fn in_order(&self, dockerfile: &Dockerfile) -> impl Iterator<Item = usize> {
        let instructions = dockerfile.instructions.len();
        (instructions..instructions + self.triggers.len()).chain(0..instructions)
    }

    /// Returns the instruction that a step runs.
    pub(super) fn instruction<'a>(
        &self,
        number: usize,
        dockerfile: &'a Dockerfile,
    ) -> Option<&'a Instruction> {
        match self.trigger(number, dockerfile) {
            Some(trigger) => dockerfile.instructions.get(trigger.onbuild).map(Instruction::effective),
            None => dockerfile.instructions.get(number),
        }
    }

    /// Returns the stage that runs a step.
    pub(super) fn stage(&self, number: usize, dockerfile: &Dockerfile) -> Option<usize> {
        match self.trigger(number, dockerfile) {
            Some(trigger) => Some(trigger.stage),
            None => dockerfile.instructions.get(number).and_then(|instruction| instruction.stage),
        }
    }

    /// Returns the index of the instruction of the file from which a step is.
    pub(super) fn written(&self, number: usize, dockerfile: &Dockerfile) -> usize {
        self.trigger(number, dockerfile).map_or(number, |trigger| trigger.onbuild)
    }

    fn trigger(&self, number: usize, dockerfile: &Dockerfile) -> Option<&Trigger> {
        self.triggers.get(number.checked_sub(dockerfile.instructions.len())?)
    }
}

/// The maximum number of triggers that run. A thousand stages could run a thousand triggers each.
const MAX_TRIGGERS: usize = 4096;
