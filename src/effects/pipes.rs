//! The output of a script's commands, and its destination.

use super::source::Sources;
use crate::shell::{Step, StepKind};

/// The tokens that the steps have printed so far.
#[derive(Default)]
pub(super) struct Pipes {
    /// The tokens that each step printed.
    outputs: Vec<Sources>,
    /// The tokens in output that was not redirected yet. They go wherever the output of the enclosing group
    /// goes.
    printed: Sources,
}

impl Pipes {
    /// Returns the tokens that are piped into a step.
    pub(super) fn fed(&self, step: &Step) -> Sources {
        if step.is_fed_by_group {
            return self.printed.clone();
        }
        step.feeder.and_then(|feeder| self.outputs.get(feeder)).cloned().unwrap_or_default()
    }

    /// Returns the tokens that go to the output files of a step whose command prints `output`.
    pub(super) fn redirected(&mut self, step: &Step, output: Sources) -> Sources {
        let StepKind::Program { name, assignments, .. } = &step.kind else { return output };
        let is_group_end = name.is_empty() && assignments.is_empty() && !step.outputs.is_empty();
        if is_group_end {
            return std::mem::take(&mut self.printed);
        }
        if step.outputs.is_empty() {
            if !output.have_no_token() {
                self.printed.clone_from(&output);
            } else if step.feeder.is_some() {
                // Output that is piped to the next step is not part of the group's output.
                self.printed = Sources::default();
            }
        }
        output
    }

    /// Records the final output of a step.
    pub(super) fn push(&mut self, output: Sources) {
        self.outputs.push(output);
    }
}
