//! The effects of programs, with one file for each kind of program. A program that is not listed is assumed
//! to do nothing to tokens, but it may read one from its environment.

mod builtins;
mod copying;
mod fetching;
pub(crate) mod git;
mod hub;
mod output;
mod removing;
mod storing;
mod system;
mod table;
mod text;
pub(crate) mod users;
mod writing;

use crate::hub::files::CACHED;
use std::sync::LazyLock;

use super::effect::{EffectKind, MountCopy, Read, Reader};
use super::login::Near;
use super::login_files::is_made_by_login;
use super::source::Sources;
use super::state::State;
use crate::shell::{Step, StepKind, Word};
use table::{Action, Environment, Operands, Program};

pub(super) use output::environment;
pub(super) use writing::targets;

/// A call of a program.
pub(super) struct Call<'a> {
    /// The name of the program without directories.
    pub(super) name: &'a str,
    pub(super) program: &'static Program,
    pub(super) arguments: &'a [Word],
    pub(super) near: Near<'a>,
    /// The sources of the token that the previous step prints into the pipe.
    pub(super) fed: Sources,
}

impl Call<'_> {
    /// Returns true if the word is among the arguments.
    fn has(&self, expected: &str) -> bool {
        self.arguments.iter().any(|word| word.text.as_bytes() == expected.as_bytes())
    }

    /// Returns the arguments that are not options.
    fn operands(&self) -> impl Iterator<Item = &Word> {
        self.arguments.iter().filter(|word| !is_option(word))
    }
}

fn is_option(word: &Word) -> bool {
    word.text.byte(0) == Some(b'-')
}

/// All rows, each with one of its names, sorted by name.
static PROGRAMS: LazyLock<Vec<(&'static str, &'static Program)>> = LazyLock::new(|| {
    let kinds = [
        builtins::ROWS,
        copying::ROWS,
        fetching::ROWS,
        git::ROWS,
        hub::ROWS,
        removing::ROWS,
        system::ROWS,
        text::ROWS,
        writing::ROWS,
    ];
    let rows = kinds.into_iter().flatten();
    let mut all: Vec<_> = rows.flat_map(|row| row.names.iter().map(move |name| (*name, row))).collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all
});

/// The description of any other program.
static OTHER: Program = Program::new(&[]);

/// Returns the description of a program. A version after its name is ignored, because `uvx` accepts one.
pub(super) fn of(name: &str) -> &'static Program {
    let name = name.split('@').next().unwrap_or_default();
    let found = PROGRAMS.binary_search_by_key(&name, |(name, _)| *name);
    found.ok().and_then(|at| PROGRAMS.get(at)).map_or(&OTHER, |(_, program)| *program)
}

/// Returns true if a program assigns the values in its arguments to variables of the shell.
pub(crate) fn declares(name: &str) -> bool {
    matches!(of(name).action, Action::Declare(_))
}

/// Returns the sources of the token that a command prints.
pub(super) fn output(call: &Call<'_>, state: &State<'_>) -> Sources {
    output::output(call, state)
}

/// Adds the effects of a command that prints `output`.
pub(super) fn effects(call: &Call<'_>, output: &Sources, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    reads(call, state, effects);
    if storing::effects(call, state, effects) {
        return;
    }
    match call.program.action {
        Action::Remove => effects.push(EffectKind::Removal(removing::removals(call, state))),
        Action::Copy(copying) => copying::copy(call, copying, state, effects),
        Action::Write(writers) => writing::write(call, writers, output, state, effects),
        Action::Git => git::effects(call, state, effects),
        Action::Fetch(editable) => fetching::fetch(call, editable, state, effects),
        Action::Hub(client) => hub::effects(call, client, state, effects),
        Action::Nothing
        | Action::Declare(_)
        | Action::ReadVariables
        | Action::Unset
        | Action::ChangeDirectory => {}
    }
}

/// Returns the files that a command copies or moves, each with its new path.
pub(super) fn copied(call: &Call<'_>, state: &State<'_>) -> Vec<(String, String)> {
    match call.program.action {
        Action::Copy(copying) => copying::copied(call, copying, state),
        _ => Vec::new(),
    }
}

/// Returns the files and directories that a command copies.
pub(super) fn taken(call: &Call<'_>, state: &State<'_>) -> Vec<MountCopy> {
    match call.program.action {
        Action::Copy(copying) => copying::taken(call, copying, state),
        _ => Vec::new(),
    }
}

/// Adds the reads of a command.
fn reads(call: &Call<'_>, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let is_read = match call.program.environment {
        Environment::Ignored => false,
        Environment::Read => true,
        Environment::ReadByBuilds => fetching::builds(call),
    };
    if is_read {
        let is_hub = matches!(call.program.action, Action::Hub(client) if client.reads_environment);
        effects.push(EffectKind::Read(Read::Environment(if is_hub { Reader::Hub } else { Reader::Other })));
    }
    if call.program.operands == Operands::MustExist
        && call.arguments.iter().chain(&call.near.step.inputs).any(|word| is_login_file(word, state))
    {
        effects.push(EffectKind::Read(Read::LoginFiles));
    }
}

/// Returns true if a word names a file or a directory that a login creates.
fn is_login_file(word: &Word, state: &State<'_>) -> bool {
    let text = word.text.to_str();
    CACHED.iter().any(|file| text.contains(file))
        || state.login_files().is_some_and(|files| {
            let path = state.file(word);
            path.is_some_and(|path| is_made_by_login(path.trim_end_matches("/*"), &files))
        })
}

/// Returns true if a step compiles a Python module, by a script that imports it or by `compileall`.
pub(super) fn compiles(step: &Step, module: &str) -> bool {
    match &step.kind {
        StepKind::Python(text) => {
            let text = text.to_str();
            let mut names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            names.any(|name| name == module || name == COMPILE_ALL)
        }
        StepKind::Program { name, .. } => name == COMPILE_ALL,
    }
}

/// The Python module that compiles all others.
const COMPILE_ALL: &str = "compileall";

/// Applies a command's changes to the state of the following steps.
pub(super) fn take(call: &Call<'_>, state: &mut State<'_>) {
    builtins::take(call, state);
    storing::take(call, state);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_listed_once() {
        assert!(PROGRAMS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
