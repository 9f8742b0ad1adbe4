//! Which file a word of a script names: homes, variables and the working directory.

use super::{Removal, token_file::Environment};
use crate::dockerfile::{Scope, normal};
use crate::shell::{Step, StepKind, Word};

/// Stands for a working directory that is not known; no path has it.
const UNKNOWN: &str = "\u{1}";

/// The paths of a script, as far as it has run.
pub(crate) struct Paths<'a> {
    environment: Environment<'a>,
    directory: String,
    /// The subshells that are open, each with what is to be taken up again behind it.
    open: Vec<Outside>,
    /// What is set for the steps alone that run.
    marks: Vec<usize>,
}

struct Outside {
    subshell: usize,
    directory: String,
    mark: usize,
}

impl<'a> Paths<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> Self {
        let directory = scope.directory().unwrap_or(UNKNOWN).to_owned();
        Self { environment: Environment::new(scope), directory, open: Vec::new(), marks: Vec::new() }
    }

    /// Takes a variable that is set from outside of the script.
    pub(crate) fn assign(&mut self, name: &str, value: &Word) {
        self.environment.assign(name, value);
    }

    /// The normal path that a word names, none where that is not known.
    pub(crate) fn file(&self, word: &Word) -> Option<String> {
        let text = word.text.to_str();
        if word.has_substitution || (word.is_quoted && text.starts_with('~')) {
            return None;
        }
        self.named(&text)
    }

    /// The normal path that a name stands for, none where that is not known.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        Some(self.within(&self.environment.path(name)?))
    }

    /// A path as it is from the working directory.
    pub(crate) fn within(&self, path: &str) -> String {
        if path.starts_with(['/', '~']) {
            normal(path)
        } else {
            normal(&format!("{}/{path}", self.directory))
        }
    }

    /// A file in the home directory.
    pub(crate) fn home_file(&self, name: &str) -> String {
        self.environment.home_file(name)
    }

    /// The files of a login; none where their place is not known.
    pub(crate) fn login_files(&self) -> Option<Vec<String>> {
        let files = self.environment.login_files()?;
        Some(files.iter().map(|file| self.within(file)).collect())
    }

    /// What `rm` and its like take away.
    pub(crate) fn removals(&self, arguments: &[Word]) -> Vec<Removal> {
        let (options, operands): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|word| word.text.byte(0) == Some(b'-'));
        let recursive = options.iter().any(|word| {
            let option = word.text.to_str();
            option == "--recursive" || (!option.starts_with("--") && option.contains(['r', 'R']))
        });
        let files = operands.into_iter().filter_map(|word| self.file(word));
        files.map(|pattern| Removal { pattern, recursive }).collect()
    }

    /// Goes on to a step: subshells that end in front of it take what they set with them.
    pub(crate) fn enter(&mut self, step: &Step) {
        let open = self.open.iter().zip(&step.subshells);
        let shared = open.take_while(|(open, subshell)| open.subshell == **subshell).count();
        if let Some(first) = self.open.get(shared) {
            self.directory.clone_from(&first.directory);
            self.environment.restore(first.mark);
            self.open.truncate(shared);
        }
        for &subshell in step.subshells.iter().skip(shared) {
            let (directory, mark) = (self.directory.clone(), self.environment.mark());
            self.open.push(Outside { subshell, directory, mark });
        }
        self.marks.push(self.environment.mark());
        let own = match &step.kind {
            StepKind::Program { name, assignments, .. } if !name.is_empty() => assignments.as_slice(),
            StepKind::Program { .. } | StepKind::Python(_) => &[],
        };
        for (name, word) in step.environment.iter().chain(own) {
            self.environment.assign(name, word);
        }
    }

    /// Takes what a step sets for those behind it.
    pub(crate) fn leave(&mut self, step: &Step) {
        if let Some(mark) = self.marks.pop() {
            self.environment.restore(mark);
        }
        let StepKind::Program { name, arguments, assignments } = &step.kind else { return };
        match name.as_str() {
            "" => {
                for (name, word) in assignments {
                    self.environment.assign(name, word);
                }
            }
            "export" | "declare" | "typeset" => {
                for word in arguments {
                    self.environment.export(word);
                }
            }
            "cd" | "pushd" => {
                let known = arguments.first().and_then(|word| self.file(word));
                self.directory = known.map_or_else(
                    || UNKNOWN.to_owned(),
                    |path| if path.starts_with(['~', '\u{1}']) { path } else { format!("/{path}") },
                );
            }
            _ => {}
        }
    }
}

/// The path in a layer, none where its home or its directory is not known.
pub(crate) fn layer_path(path: &str) -> Option<&str> {
    (!path.starts_with(['~', '\u{1}'])).then_some(path)
}
