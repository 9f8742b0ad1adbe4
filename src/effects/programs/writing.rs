//! Programs that write values into a file.

use super::table::{Action, Given, Output, Program, Target, Writer};
use super::{Call, output};
use crate::effects::effect::{EffectKind, Form, Write};
use crate::effects::source::Sources;
use crate::effects::state::State;
use crate::effects::words;
use crate::shell::Word;

pub(super) const ROWS: &[Program] = &[
    Program::harmless(&["tee"]).prints(Output::Input).does(Action::Write(&[Writer {
        subcommand: &[],
        option: None,
        value: Given::Output,
        target: Target::Operands,
        form: Form::Text,
    }])),
    Program::harmless(&["sed"]).prints(Output::Edited).needs_operands().does(Action::Write(&[Writer {
        subcommand: &[],
        option: Some(is_in_place),
        value: Given::Words,
        target: Target::Last,
        form: Form::Text,
    }])),
];

fn is_in_place(option: &str) -> bool {
    option.starts_with("--in-place") || option.starts_with("-i") || option == "-ri" || option == "-Ei"
}

/// Adds the effect that the first matching row describes. `printed` is the output of the command.
pub(super) fn write(
    call: &Call<'_>,
    writers: &[Writer],
    printed: &Sources,
    state: &State<'_>,
    effects: &mut Vec<EffectKind>,
) {
    let Some(writer) = writers.iter().find(|writer| writer.fits(call.arguments)) else { return };
    let value = match writer.value {
        Given::Output => printed.tokens(),
        Given::Input => output::read(call, &call.fed, state),
        Given::Words => output::in_words(call, state),
    };
    if value.have_no_token() {
        return;
    }
    let files: Vec<Option<String>> = match writer.target {
        Target::Operands => targets(call.operands(), state),
        Target::Last => call.arguments.last().map(|word| state.file(word)).into_iter().collect(),
        Target::Helper => {
            let helper = state.helper.as_deref();
            helper.map(|helper| state.named_by_program(helper)).into_iter().collect()
        }
    };
    for file in files {
        let (program, value) = (call.name.to_owned(), value.clone());
        effects.push(EffectKind::Write(Write { program, value, form: writer.form, file }));
    }
}

/// Returns the files that these words name as targets of a write. Processes and mounted secrets are left
/// out.
pub(in crate::effects) fn targets<'a>(
    words: impl Iterator<Item = &'a Word>,
    state: &State<'_>,
) -> Vec<Option<String>> {
    let is_file = |word: &&Word| {
        !word.text.starts_with_at(0, b">(") && words::secret_file(&state.variables, word).have_no_token()
    };
    words.filter(is_file).map(|word| state.file(word)).collect()
}
