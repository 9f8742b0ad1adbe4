//! What the commands of a script print, and where that goes.

use super::source::Sources;
use crate::shell::{Step, StepKind};

/// The tokens that the steps so far have printed.
#[derive(Default)]
pub(super) struct Pipes {
    /// What each step printed.
    outputs: Vec<Sources>,
    /// What was printed last and went nowhere: it goes where the output of the group around it goes.
    printed: Sources,
}

impl Pipes {
    /// What is piped into a step.
    pub(super) fn fed(&self, step: &Step) -> Sources {
        step.feeder.and_then(|feeder| self.outputs.get(feeder)).cloned().unwrap_or_default()
    }

    /// What goes to the files of a step, whose command prints `output`.
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
                // What is piped on is no output of the group.
                self.printed = Sources::default();
            }
        }
        output
    }

    /// Takes what a step printed in the end.
    pub(super) fn push(&mut self, output: Sources) {
        self.outputs.push(output);
    }
}
