//! Which file a word of a script names: homes, variables and the working directory.

use std::collections::HashMap;

use super::Context;
use crate::{
    detect,
    dockerfile::{
        Arguments, Base, Keyword, Scope,
        shell::{Step, StepKind, Word},
    },
    finding::Masked,
    rules::login::{Environment, Removal, normal},
};

/// Stands for a working directory that is not known; no path has it.
const UNKNOWN: &str = "\u{1}";

/// The working directory in front of each instruction, none where the base image decides.
pub(super) fn working_directories(context: &Context<'_>) -> Vec<Option<String>> {
    let mut stages: HashMap<usize, Option<String>> = HashMap::new();
    let mut out = Vec::new();
    for (instruction, scope) in context.instructions() {
        let stage = instruction.stage.unwrap_or(0);
        if instruction.keyword == Keyword::From {
            let base = match context.dockerfile.stages.get(stage).map(|stage| &stage.base) {
                Some(Base::Stage(base)) => stages.get(base).cloned().flatten(),
                Some(Base::Image(image)) if image == "scratch" => Some("/".to_owned()),
                _ => None,
            };
            stages.insert(stage, base);
        }
        let before = stages.get(&stage).cloned().flatten();
        if let (Keyword::Workdir, Arguments::Line(line)) = (instruction.keyword, &instruction.arguments) {
            let value = scope.expand(line);
            let path = value.as_str().trim();
            let is_known = value.is_certain && !path.contains('$');
            let after = match &before {
                _ if !is_known => None,
                _ if path.starts_with('/') => Some(path.to_owned()),
                Some(before) => Some(format!("{before}/{path}")),
                None => None,
            };
            stages.insert(stage, after);
        }
        out.push(before);
    }
    out
}

/// The paths of a script, as far as it has run.
pub(super) struct Paths<'a> {
    environment: Environment<'a>,
    start: String,
    directory: String,
    /// The directories outside of the subshells that are open.
    outside: Vec<String>,
    /// Where the step in front ends in the source.
    end: Option<usize>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(scope: Scope<'a>, directory: Option<&str>) -> Self {
        let start = directory.unwrap_or(UNKNOWN).to_owned();
        Self {
            environment: Environment::new(scope),
            directory: start.clone(),
            start,
            outside: Vec::new(),
            end: None,
        }
    }

    /// The normal path that a word names, none where that is not known.
    pub(super) fn file(&self, word: &Word) -> Option<String> {
        let text = word.text.to_str();
        if word.has_substitution || (word.is_quoted && text.starts_with('~')) {
            return None;
        }
        let path = self.environment.path(&text)?;
        Some(self.within(&path))
    }

    /// A path as it is from the working directory.
    pub(super) fn within(&self, path: &str) -> String {
        if path.starts_with(['/', '~']) {
            normal(path)
        } else {
            normal(&format!("{}/{path}", self.directory))
        }
    }

    /// A file in the home directory.
    pub(super) fn home_file(&self, name: &str) -> String {
        self.environment.home_file(name)
    }

    /// The files of a login.
    pub(super) fn login_files(&self) -> Vec<String> {
        self.environment.login_files().unwrap_or_default()
    }

    /// What `rm` and its like take away.
    pub(super) fn removals(&self, arguments: &[Word]) -> Vec<Removal> {
        let (options, operands): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|word| word.text.byte(0) == Some(b'-'));
        let recursive = options.iter().any(|word| {
            let option = word.text.to_str();
            option == "--recursive" || (!option.starts_with("--") && option.contains(['r', 'R']))
        });
        let files = operands.into_iter().filter_map(|word| self.file(word));
        files.map(|pattern| Removal { pattern, recursive }).collect()
    }

    /// Goes on to a step: subshells that end in front of it take their working directory with them.
    pub(super) fn enter(&mut self, step: &Step, source: &[u8]) {
        let gap = self.end.and_then(|end| source.get(end..step.span.start)).unwrap_or_default();
        for byte in gap {
            match byte {
                b'(' => self.outside.push(self.directory.clone()),
                b')' => self.directory = self.outside.pop().unwrap_or_else(|| self.start.clone()),
                _ => {}
            }
        }
        self.end = Some(step.span.end);
    }

    /// Takes what a step sets.
    pub(super) fn take(&mut self, step: &Step) {
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

/// The path as a report shows it, none where a part of it is not known.
pub(super) fn shown(path: &str) -> Option<Masked> {
    (!path.starts_with(['~', '\u{1}'])).then(|| detect::mask(path.as_bytes()))
}
