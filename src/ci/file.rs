//! The plain value that every dialect is parsed into.

use std::sync::Arc;

use super::{Builder, Dialect};
use crate::mask::Message;
use crate::shell::{Language, Script};
use crate::text::{Flaw, Span, Text};

/// The parts of a file that may give away a token.
#[derive(Debug)]
pub(crate) struct CiFile {
    /// The tool that reads the file.
    pub dialect: Dialect,
    /// Scripts that run in one place, one after the other.
    pub jobs: Vec<Job>,
    /// Build arguments in fields of their own. Those on command lines are in the scripts.
    pub arguments: Vec<BuildArgument>,
    /// Dockerfiles embedded in the file.
    pub dockerfiles: Vec<Text>,
    /// The parts that could not be read.
    pub(crate) flaws: Vec<Flaw>,
}

impl CiFile {
    pub(super) fn new(dialect: Dialect) -> Self {
        let (jobs, arguments, dockerfiles, flaws) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { dialect, jobs, arguments, dockerfiles, flaws }
    }

    /// Adds a job, if there is a script in it.
    pub(super) fn job(&mut self, job: Job) {
        if !job.scripts.is_empty() {
            self.jobs.push(job);
        }
    }
}

/// A list of scripts in which each sees the files written by the previous ones.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// The scripts in the order in which they run.
    pub scripts: Vec<CiScript>,
    /// Whether one shell runs all of them, so that each sees the variables of the previous ones.
    pub is_one_shell: bool,
}

/// A script.
#[derive(Debug)]
pub(crate) struct CiScript {
    /// The script, with expressions of the CI system replaced by variables.
    pub script: Script,
    /// The location in words: "job `build`, step 2".
    pub(crate) place: Message,
    /// The condition under which the script runs, identified by the offset of its first occurrence. `None`
    /// if it always runs.
    pub condition: Option<usize>,
    /// The variables in the environment of the script, the outermost first. They are shared with the other
    /// scripts for which they are set.
    pub environment: Vec<Variables>,
    /// The variables that the tool itself expands in the script. Programs do not see them.
    pub expanded: Vec<Variables>,
}

impl CiScript {
    pub(super) fn new(script: Script, place: &Message, environment: &[Variables]) -> Self {
        Self {
            script,
            place: place.clone(),
            condition: None,
            environment: environment.to_vec(),
            expanded: Vec::new(),
        }
    }

    /// Returns a script for a shell.
    pub(super) fn shell(text: Text, place: &Message, environment: &[Variables]) -> Self {
        Self::new(Script::Text { language: Language::Shell, text }, place, environment)
    }

    /// Returns the variables that have a value in the script. The last one with a given name applies.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.expanded.iter().chain(&self.environment).flat_map(|layer| layer.iter())
    }

    /// Returns the variables in the environment of the script.
    pub(crate) fn exported(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.environment.iter().flat_map(|layer| layer.iter())
    }

    /// Returns true if the tool itself gives a variable its value.
    pub(super) fn expands(&self, name: &str) -> bool {
        self.expanded
            .iter()
            .flat_map(|layer| layer.iter())
            .any(|(other, _)| other.as_bytes() == name.as_bytes())
    }

    /// Returns the size of the variables, by which the work on the script grows.
    fn weight(&self) -> usize {
        self.variables().map(|(name, value)| 64 + name.len() + value.len()).sum()
    }
}

/// Variables with their values.
pub(crate) type Variables = Arc<[(Text, Text)]>;

/// The maximum size of all variables of a file, each counted once for every script in which it is set.
const MAX_SET: usize = 32 << 20;

/// Takes the variables away from the scripts for which there are too many.
pub(super) fn bound_variables(file: &mut CiFile) {
    let mut left = MAX_SET;
    let mut is_bounded = false;
    for script in file.jobs.iter_mut().flat_map(|job| &mut job.scripts) {
        if let Some(rest) = left.checked_sub(script.weight()) {
            left = rest;
        } else {
            is_bounded = true;
            script.environment.clear();
            script.expanded.clear();
        }
    }
    if is_bounded {
        let message = Message::own("its variables are set for more scripts than are followed");
        file.flaws.push(Flaw::limit(Span::default(), message));
    }
}

/// A build argument.
#[derive(Debug, Clone)]
pub(crate) struct BuildArgument {
    pub name: Text,
    /// The value as written, or `None` if it comes from the environment.
    pub value: Option<Text>,
    /// The location in the file.
    pub span: Span,
    /// The location in words: "service `web`".
    pub(crate) place: Message,
    /// The origin of the build argument.
    pub given: Given,
    /// Whether variables of the file put a token into the value, whatever their names are.
    pub carries: bool,
    /// Whether the builder finds the value in its environment.
    pub reach: Reach,
}

/// The origin of a build argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// `build.args` of a compose service.
    Compose,
    /// `args` of a bake target, or an override of it.
    Bake,
    /// `build` of a development container.
    Devcontainer,
    /// An input of an action, a task, a plugin or the like, which runs a builder.
    Input,
    /// `buildArgs` of an artifact of Skaffold.
    Skaffold,
    /// `build.args` of an app of Fly.io.
    Fly,
    /// A command line.
    Command(Builder),
}

/// How a variable that a build argument takes its value from can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It is in the environment of the builder.
    Environment,
    /// The script sets it, without exporting it.
    Shell,
    /// The file does not say where it comes from.
    Unknown,
}
