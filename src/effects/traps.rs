//! What `trap … EXIT` leaves for the end of a shell.

use std::collections::HashMap;

use crate::shell;
use crate::shell::{Language, Script, Step, StepKind};
use crate::text::Text;

/// How many steps of a function are taken for its body.
const MAX_BODY: usize = 16;

/// A script for the end of a shell.
pub(crate) struct Trap {
    /// The shell.
    pub(crate) subshells: Vec<usize>,
    /// The branches that the `trap` stands in.
    pub(crate) branches: Vec<usize>,
    script: Text,
    /// The steps between the definition of the function that it names and the `trap`.
    body: (usize, usize),
}

impl Trap {
    /// What runs. `all` are the steps of the script that the trap stands in.
    pub(crate) fn steps(&self, all: &[Step]) -> Vec<Step> {
        let (start, end) = self.body;
        if start < end {
            return all.get(start..end).unwrap_or_default().to_vec();
        }
        shell::steps(&Script::Text { language: Language::Shell, text: self.script.clone() })
    }
}

/// The traps of the shells that are open.
#[derive(Default)]
pub(crate) struct Traps {
    open: Vec<Trap>,
    /// Where each name stood first without arguments: a function is defined that way.
    names: HashMap<String, usize>,
}

impl Traps {
    /// The traps of the shells that end in front of a step, the innermost first.
    pub(crate) fn ended(&mut self, step: &Step) -> Vec<Trap> {
        let open = self.open.iter().take_while(|trap| step.subshells.starts_with(&trap.subshells)).count();
        self.open.drain(open..).rev().collect()
    }

    /// Those of all that is open, at the end.
    pub(crate) fn rest(self) -> Vec<Trap> {
        self.open.into_iter().rev().collect()
    }

    /// Takes what a step says of traps.
    pub(crate) fn take(&mut self, index: usize, step: &Step) {
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
            script: script.text.clone(),
            body,
        });
    }
}
