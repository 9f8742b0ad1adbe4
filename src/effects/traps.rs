//! What `trap … EXIT` leaves for the end of a shell.

use std::collections::HashMap;

use crate::shell::{self, Language, Script, Step, StepKind};
use crate::text::Text;

/// How many steps of a function are taken for its body.
const MAX_BODY: usize = 16;

/// A script for the end of a shell.
pub(super) struct Trap {
    /// The shell.
    subshells: Vec<usize>,
    /// The branches that the `trap` is in.
    branches: Vec<usize>,
    /// The number of the step that sets it.
    pub(super) step: usize,
    script: Text,
    /// The steps between the definition of the function that it names and the `trap`.
    body: (usize, usize),
}

impl Trap {
    /// What runs. `all` are the steps of the script that the trap is set in.
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
            // The step that feeds it has another number, if it is there at all.
            step.feeder = None;
        }
        steps
    }
}

/// The traps of the shells that are open.
#[derive(Default)]
pub(super) struct Traps {
    open: Vec<Trap>,
    /// The first step of each name without arguments: a function is defined that way.
    names: HashMap<String, usize>,
}

impl Traps {
    /// The traps of the shells that end in front of a step, the innermost first.
    pub(super) fn ended(&mut self, step: &Step) -> Vec<Trap> {
        let open = self.open.iter().take_while(|trap| step.subshells.starts_with(&trap.subshells)).count();
        self.open.drain(open..).rev().collect()
    }

    /// Those of all shells that are open at the end.
    pub(super) fn rest(&mut self) -> Vec<Trap> {
        self.open.drain(..).rev().collect()
    }

    /// Takes what a step says of traps.
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
        // The last one of a shell counts.
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
