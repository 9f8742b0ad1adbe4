//! The scripts that `trap … EXIT` sets for the end of a shell.

use std::collections::HashMap;

use crate::shell::{self, Language, Script, Step, StepKind};
use crate::text::Text;

/// The maximum number of steps of a function that are considered its body.
const MAX_BODY: usize = 16;

/// A script that runs at the end of a shell.
pub(super) struct Trap {
    /// The shell that sets the trap.
    subshells: Vec<usize>,
    /// The branches around the `trap`.
    branches: Vec<usize>,
    /// The index of the step that sets the trap.
    pub(super) step: usize,
    script: Text,
    /// The steps between the definition of the function named by the `trap` and the `trap` itself.
    body: (usize, usize),
}

impl Trap {
    /// Returns the steps that the trap runs. `all` are the steps of the script that sets it.
    pub(super) fn steps(&self, all: &[Step]) -> Vec<Step> {
        let (start, end) = self.body;
        let mut steps = if start < end {
            all.get(start..end).unwrap_or_default().to_vec()
        } else {
            shell::steps(&Script::Text { language: Language::Shell, text: self.script.clone() })
        };
        for step in &mut steps {
            step.subshells.splice(0..0, self.subshells.iter().copied());
            step.branches.clone_from(&self.branches);
            // The step that feeds it has another index, if it is present at all.
            step.feeder = None;
        }
        steps
    }
}

/// The traps of the shells that are open.
#[derive(Default)]
pub(super) struct Traps {
    open: Vec<Trap>,
    /// The first step of each name without arguments. A function definition looks like that.
    names: HashMap<String, usize>,
}

impl Traps {
    /// Returns the traps of the shells that end before a step, the innermost first.
    pub(super) fn ended(&mut self, step: &Step) -> Vec<Trap> {
        let open = self.open.iter().take_while(|trap| step.subshells.starts_with(&trap.subshells)).count();
        self.open.drain(open..).rev().collect()
    }

    /// Returns the traps of all shells that are open at the end.
    pub(super) fn rest(&mut self) -> Vec<Trap> {
        self.open.drain(..).rev().collect()
    }

    /// Records the trap or the function definition in a step.
    pub(super) fn take(&mut self, index: usize, step: &Step) {
        let StepKind::Program { name, arguments, .. } = &step.kind else { return };
        if arguments.is_empty() && !name.is_empty() {
            self.names.entry(name.clone()).or_insert(index);
        }
        if name != "trap" {
            return;
        }
        let mut words = arguments.iter().skip_while(|word| word.text.as_bytes() == b"--");
        let Some(script) = words.next() else { return };
        if !words.any(|signal| matches!(signal.text.as_bytes(), b"EXIT" | b"exit" | b"0")) {
            return;
        }
        let body = self.names.get(script.text.to_str().trim()).map_or((0, 0), |first| {
            let start = first + 1;
            (start, index.min(start + MAX_BODY))
        });
        // The last trap of a shell replaces the earlier ones.
        if self.open.last().is_some_and(|trap| trap.subshells == step.subshells) {
            self.open.pop();
        }
        self.open.push(Trap {
            subshells: step.subshells.clone(),
            branches: step.branches.clone(),
            step: index,
            script: script.text.clone(),
            body,
        });
    }
}
