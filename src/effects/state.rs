//! The state of a running script: its variables, its working directory and the files it has written.

use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use super::files::RunFiles;
use super::login_files::login_files;
use super::pattern::covers_normal;
use super::source::Sources;
use super::surroundings::{Ambient, Surroundings};
use super::variables::{Setting, Variables, View};
use super::words;
use crate::dockerfile::{Scope, UNKNOWN, normal};
use crate::shell::{Step, StepKind, Word};

/// The maximum number of files that are remembered as holding a token.
const MAX_WRITTEN: usize = 256;

/// The state of a script at the current step.
pub(crate) struct State<'a> {
    pub(super) variables: Variables<'a>,
    /// Whether the Hub's tools find a token in the initial environment of the script.
    pub(super) ambient: Ambient,
    /// The password file of git's credential helper, as written in git's configuration.
    pub(super) helper: Option<String>,
    directory: String,
    /// The subshells that are open.
    open: Vec<Subshell>,
    /// The marks at which the settings begin that apply only to the running steps.
    marks: Vec<usize>,
    /// The files of a login. The cell is cleared when a variable or the directory changes.
    login_files: OnceCell<Option<Rc<[String]>>>,
    /// The files into which a token was written, the most recent one last.
    written: VecDeque<(String, Sources)>,
    /// The files that scripts of the build can run or read.
    pub(super) files: Option<RunFiles<'a>>,
    /// The keys that programs stored, each with the program.
    stored: BTreeSet<(String, String)>,
}

/// A subshell, with the values that are restored when it ends.
struct Subshell {
    number: usize,
    directory: String,
    mark: usize,
}

impl<'a> State<'a> {
    pub(crate) fn new(surroundings: Surroundings<'a>) -> Self {
        let Surroundings { scope, mounts, variables, helper, ambient, files, given } = surroundings;
        let mut state = Self {
            variables: Variables::new(scope, mounts, given),
            ambient,
            helper,
            directory: scope.directory().unwrap_or(UNKNOWN).to_owned(),
            open: Vec::new(),
            marks: Vec::new(),
            login_files: OnceCell::new(),
            written: VecDeque::new(),
            files,
            stored: BTreeSet::new(),
        };
        for (name, value) in &variables {
            state.assign(name, value);
        }
        state
    }

    /// Returns the state before an instruction that does not run a script.
    pub(crate) fn of_instruction(scope: Scope<'a>) -> Self {
        Self::new(Surroundings::of_instruction(scope))
    }

    /// Enters a step. Subshells that ended before the step lose their settings.
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

    /// Leaves a step. The settings that applied only to the step are dropped.
    pub(super) fn leave(&mut self, step: &Step) {
        if let Some(mark) = self.marks.pop().filter(|mark| *mark < self.variables.mark()) {
            self.variables.restore(mark);
            self.login_files.take();
        }
        if self.variables.drop_own() {
            self.login_files.take();
        }
        // Inner steps may have been in other branches.
        self.variables.enter(&step.branches);
    }

    fn value(&self, value: &Word, view: View) -> (Setting, Sources) {
        (words::assigned(&self.variables, value, view), words::sources(&self.variables, value, view))
    }

    /// Sets a variable for the following steps.
    pub(super) fn assign(&mut self, name: &str, value: &Word) {
        let (text, sources) = self.value(value, View::Shell);
        self.set(name, text, sources);
    }

    /// Sets a variable for the following steps, to a known text and known sources.
    pub(super) fn set(&mut self, name: &str, text: Setting, sources: Sources) {
        self.variables.assign(name, text, sources);
        self.login_files.take();
    }

    /// Exports a variable to the following programs.
    pub(super) fn export(&mut self, name: &str) {
        self.variables.export(name);
    }

    /// Changes the working directory. It becomes unknown if no word names the new one.
    pub(super) fn change_directory(&mut self, to: Option<&Word>) {
        let known = to.and_then(|word| self.file(word));
        self.directory = known.map_or_else(
            || UNKNOWN.to_owned(),
            |path| if path.starts_with(['~', '\u{1}']) { path } else { format!("/{path}") },
        );
        self.login_files.take();
    }

    /// Returns the normal path that a word names, or `None` if it is unknown.
    pub(super) fn file(&self, word: &Word) -> Option<String> {
        let text = word.text.to_str();
        if word.has_substitution || (word.is_quoted && text.starts_with('~')) {
            return None;
        }
        self.named(&text)
    }

    /// Returns the normal path denoted by a name, or `None` if it is unknown.
    pub(super) fn named(&self, name: &str) -> Option<String> {
        Some(self.within(&words::expand(&self.variables, name, View::Shell)?))
    }

    /// Returns the normal path denoted by a name that the running program expands.
    pub(super) fn named_by_program(&self, name: &str) -> Option<String> {
        Some(self.within(&words::expand(&self.variables, name, View::Program)?))
    }

    /// Returns the normal path of a path relative to the working directory.
    pub(super) fn within(&self, path: &str) -> String {
        if path.starts_with(['/', '~']) {
            normal(path)
        } else {
            normal(&format!("{}/{path}", self.directory))
        }
    }

    /// Returns a file in the home directory of the running program.
    pub(super) fn home_file(&self, name: &str) -> String {
        normal(&format!("{}/{name}", self.variables.home(View::Program)))
    }

    /// Returns the files that a login writes, the token first, or `None` if their location is unknown.
    pub(super) fn login_files(&self) -> Option<Rc<[String]>> {
        let files = || Some(login_files(&self.variables)?.map(|file| self.within(&file)).into());
        self.login_files.get_or_init(files).clone()
    }

    /// Returns the possible sources of the value of a word.
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

    /// Remembers that a program stored a value under a key.
    pub(super) fn note_stored(&mut self, program: &str, key: String) {
        if self.stored.len() < MAX_WRITTEN {
            self.stored.insert((program.to_owned(), key));
        }
    }

    /// Returns true if the program has stored a value under the key.
    pub(super) fn has_stored(&self, program: &str, key: &str) -> bool {
        self.stored.contains(&(program.to_owned(), key.to_owned()))
    }

    /// Returns the sources of the token that the script last wrote into a file at this path or below it.
    pub(super) fn held_at(&self, path: &str) -> Sources {
        let found = self.written.iter().rev().find(|(file, _)| covers_normal(path, file));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// Returns the files that a login at the start of an instruction writes, the token first, or `None` if
/// their location is unknown.
pub(crate) fn login_files_in(scope: Scope<'_>) -> Option<Rc<[String]>> {
    State::of_instruction(scope).login_files()
}

/// Returns the path in a layer, or `None` if its home directory or working directory is unknown.
pub(crate) fn layer_path(path: &str) -> Option<&str> {
    (!path.starts_with(['~', '\u{1}'])).then_some(path)
}
