//! What is known while a script runs: variables, the working directory, and what it has done so far.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::login_files::login_files;
use super::pattern::covers_normal;
use super::source::Sources;
use super::surroundings::{Ambient, Surroundings};
use super::variables::{Setting, Variables, View};
use super::words;
use crate::dockerfile::{Scope, normal};
use crate::shell::{Step, StepKind, Word};

/// Stands for a working directory that is not known; no path has it.
const UNKNOWN: &str = "\u{1}";

/// How many files are remembered as holding a token.
const MAX_WRITTEN: usize = 256;

/// A script, as far as it has run.
pub(crate) struct State<'a> {
    pub(super) variables: Variables<'a>,
    /// Whether the Hub's tools find a token in the environment that the script was given.
    pub(super) ambient: Ambient,
    /// The file in which git's credential helper keeps passwords, as git is told its name.
    pub(super) helper: Option<String>,
    directory: String,
    /// The subshells that are open.
    open: Vec<Subshell>,
    /// Where the settings begin that hold for the steps alone that run.
    marks: Vec<usize>,
    /// The files of a login, until a variable or the directory changes.
    login_files: OnceCell<Option<Rc<[String]>>>,
    /// The files that a token was written into, the last one last.
    written: VecDeque<(String, Sources)>,
}

/// A subshell, with what counts again when it has ended.
struct Subshell {
    number: usize,
    directory: String,
    mark: usize,
}

impl<'a> State<'a> {
    pub(crate) fn new(surroundings: Surroundings<'a>) -> Self {
        let Surroundings { scope, mounts, variables, helper, ambient } = surroundings;
        let mut state = Self {
            variables: Variables::new(scope, mounts),
            ambient,
            helper,
            directory: scope.directory().unwrap_or(UNKNOWN).to_owned(),
            open: Vec::new(),
            marks: Vec::new(),
            login_files: OnceCell::new(),
            written: VecDeque::new(),
        };
        for (name, value) in &variables {
            state.assign(name, value);
        }
        state
    }

    /// The state in front of an instruction that runs no script.
    pub(crate) fn of_instruction(scope: Scope<'a>) -> Self {
        Self::new(Surroundings::of_instruction(scope))
    }

    /// Goes on to a step: subshells that ended in front of it take what they set with them.
    pub(super) fn enter(&mut self, step: &Step) {
        let open = self.open.iter().zip(&step.subshells);
        let shared = open.take_while(|(open, subshell)| open.number == **subshell).count();
        if let Some(first) = self.open.get(shared) {
            self.directory.clone_from(&first.directory);
            self.variables.restore(first.mark);
            self.open.truncate(shared);
            self.login_files.take();
        }
        for &number in step.subshells.iter().skip(shared) {
            let (directory, mark) = (self.directory.clone(), self.variables.mark());
            self.open.push(Subshell { number, directory, mark });
        }
        self.variables.enter(&step.branches);
        self.marks.push(self.variables.mark());
        for (name, value) in &step.environment {
            let (text, sources) = self.value(value, View::Shell);
            self.variables.assign_around(name, text, sources);
            self.login_files.take();
        }
        if let StepKind::Program { name, assignments, .. } = &step.kind
            && !name.is_empty()
        {
            for (name, value) in assignments {
                let (text, sources) = self.value(value, View::Program);
                self.variables.assign_own(name, text, sources);
                self.login_files.take();
            }
        }
    }

    /// Ends a step: what was set for it alone goes.
    pub(super) fn leave(&mut self, step: &Step) {
        if let Some(mark) = self.marks.pop().filter(|mark| *mark < self.variables.mark()) {
            self.variables.restore(mark);
            self.login_files.take();
        }
        if self.variables.drop_own() {
            self.login_files.take();
        }
        // Steps within it may have been in others.
        self.variables.enter(&step.branches);
    }

    fn value(&self, value: &Word, view: View) -> (Setting, Sources) {
        (words::assigned(&self.variables, value, view), words::sources(&self.variables, value, view))
    }

    /// Sets a variable for the steps behind.
    pub(super) fn assign(&mut self, name: &str, value: &Word) {
        let (text, sources) = self.value(value, View::Shell);
        self.set(name, text, sources);
    }

    /// Sets a variable for the steps behind, to a text and sources that are known.
    pub(super) fn set(&mut self, name: &str, text: Setting, sources: Sources) {
        self.variables.assign(name, text, sources);
        self.login_files.take();
    }

    /// Gives a variable to the programs that run behind.
    pub(super) fn export(&mut self, name: &str) {
        self.variables.export(name);
    }

    /// Goes to another directory; to one that is not known where no word names it.
    pub(super) fn change_directory(&mut self, to: Option<&Word>) {
        let known = to.and_then(|word| self.file(word));
        self.directory = known.map_or_else(
            || UNKNOWN.to_owned(),
            |path| if path.starts_with(['~', '\u{1}']) { path } else { format!("/{path}") },
        );
        self.login_files.take();
    }

    /// The normal path that a word names, none where that is not known.
    pub(super) fn file(&self, word: &Word) -> Option<String> {
        let text = word.text.to_str();
        if word.has_substitution || (word.is_quoted && text.starts_with('~')) {
            return None;
        }
        self.named(&text)
    }

    /// The normal path that a name stands for, none where that is not known.
    pub(super) fn named(&self, name: &str) -> Option<String> {
        Some(self.within(&words::expand(&self.variables, name, View::Shell)?))
    }

    /// The normal path that a name stands for which the program expands that runs.
    pub(super) fn named_by_program(&self, name: &str) -> Option<String> {
        Some(self.within(&words::expand(&self.variables, name, View::Program)?))
    }

    /// A path as it is from the working directory.
    pub(super) fn within(&self, path: &str) -> String {
        if path.starts_with(['/', '~']) {
            normal(path)
        } else {
            normal(&format!("{}/{path}", self.directory))
        }
    }

    /// A file in the home directory of the program that runs.
    pub(super) fn home_file(&self, name: &str) -> String {
        normal(&format!("{}/{name}", self.variables.home(View::Program)))
    }

    /// The files that a login writes, the token first; none where their place is not known.
    pub(super) fn login_files(&self) -> Option<Rc<[String]>> {
        let files = || Some(login_files(&self.variables)?.map(|file| self.within(&file)).into());
        self.login_files.get_or_init(files).clone()
    }

    /// Where the value of a word may come from.
    pub(super) fn sources(&self, word: &Word) -> Sources {
        words::sources(&self.variables, word, View::Shell)
    }

    /// Remembers that a file holds a token.
    pub(super) fn note(&mut self, file: String, value: Sources) {
        if self.written.len() >= MAX_WRITTEN {
            self.written.pop_front();
        }
        self.written.push_back((file, value));
    }

    /// The token that the script wrote into a file at this path, or below it: the last one.
    pub(super) fn held_at(&self, path: &str) -> Sources {
        let found = self.written.iter().rev().find(|(file, _)| covers_normal(path, file));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// The files that a login writes that runs as an instruction begins, the token first; none where their place is not known.
pub(crate) fn login_files_in(scope: Scope<'_>) -> Option<Rc<[String]>> {
    State::of_instruction(scope).login_files()
}

/// The path in a layer, none where its home or its directory is not known.
pub(crate) fn layer_path(path: &str) -> Option<&str> {
    (!path.starts_with(['~', '\u{1}'])).then_some(path)
}
