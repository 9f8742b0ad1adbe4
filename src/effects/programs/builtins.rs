//! Shell builtins, and programs that replace them.

use super::table::{Action, Export, Output, Program};
use super::{Call, output};
use crate::effects::source::Sources;
use crate::effects::state::State;
use crate::effects::variables::Setting;
use crate::shell::{StepKind, Word};

pub(super) const ROWS: &[Program] = &[
    Program::harmless(&[
        "", ":", "[[", "true", "false", "popd", "exit", "return", "break", "continue", "shift", "umask",
        "wait", "type", "which", "hash", "alias", "for", "case", "function", "select",
    ]),
    Program::harmless(&["[", "test"]).needs_operands(),
    Program::harmless(&["set"]).prints(Output::AllVariables),
    Program::harmless(&["export"]).does(Action::Declare(Export::Yes)).prints(Output::Environment),
    Program::harmless(&["declare", "typeset"]).does(Action::Declare(Export::No)).prints(Output::Environment),
    Program::harmless(&["local", "readonly"]).does(Action::Declare(Export::No)),
    Program::harmless(&["read"]).does(Action::ReadVariables),
    Program::harmless(&["unset"]).does(Action::Unset),
    Program::harmless(&["cd", "pushd"]).does(Action::ChangeDirectory),
];

/// Applies a command's changes to the state of the following steps.
pub(super) fn take(call: &Call<'_>, state: &mut State<'_>) {
    match call.program.action {
        Action::Nothing if call.name.is_empty() => {
            let StepKind::Program { assignments, .. } = &call.near.step.kind else { return };
            for (name, value) in assignments {
                state.assign(name, value);
            }
        }
        Action::Declare(export) => {
            for word in call.arguments {
                declare(word, export, state);
            }
        }
        Action::ReadVariables => {
            let read = output::read(call, &Sources::default(), state);
            for word in call.operands() {
                state.set(&word.text.to_str(), Setting::Unknown, read.clone());
            }
        }
        Action::Unset => {
            for word in call.arguments {
                state.set(&word.text.to_str(), Setting::Unset, Sources::default());
            }
        }
        Action::ChangeDirectory => state.change_directory(call.arguments.first()),
        _ => {}
    }
}

/// Handles `NAME=value` or `NAME` alone.
fn declare(word: &Word, export: Export, state: &mut State<'_>) {
    let text = word.text.to_str();
    let name = match text.split_once('=') {
        Some((name, _)) => {
            let value = Word { text: word.text.slice(name.len() + 1..word.text.len()), ..word.clone() };
            state.assign(name, &value);
            name
        }
        None => text.as_ref(),
    };
    if export == Export::Yes {
        state.export(name);
    }
}
