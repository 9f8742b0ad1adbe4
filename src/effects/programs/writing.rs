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
    Program::harmless(&["sponge"]).does(Action::Write(&[Writer {
        subcommand: &[],
        option: None,
        value: Given::Input,
        target: Target::Operands,
        form: Form::Text,
    }])),
    Program::harmless(&["sed"]).prints(Output::Edited).needs_operands().does(Action::Write(&[editor(
        is_in_place,
        Target::BehindCode {
            code: &["-e", "--expression", "-f", "--file"],
            with_word: &["-l", "--line-length"],
        },
    )
    .of_words()])),
    Program::new(&["perl"]).prints(Output::Computed).does(Action::Write(&[editor(
        is_in_bundle,
        Target::BehindCode { code: &["-e", "-E"], with_word: &["-I", "-M"] },
    )])),
    Program::new(&["awk", "gawk", "mawk"]).prints(Output::Computed).does(Action::Write(&[editor(
        |option| option == "inplace",
        Target::BehindCode {
            code: &["-f", "--file"],
            with_word: &["-v", "-F", "-i", "--assign", "--include"],
        },
    )])),
    Program::new(&["jq"]).prints(Output::Computed),
    Program::new(&["yq", "tomlq", "xq"]).prints(Output::Computed).does(Action::Write(&[editor(
        |option| matches!(option, "-i" | "--inplace" | "--in-place"),
        Target::Last,
    )])),
    Program::new(&["xmlstarlet"])
        .prints(Output::Edited)
        .does(Action::Write(&[editor(|option| matches!(option, "-L" | "--inplace"), Target::Last)])),
    Program::new(&["crudini"]).does(Action::Write(&[editor(|option| option == "--set", Target::First)])),
    Program::new(&["dasel"]).prints(Output::Edited).does(Action::Write(&[Writer {
        subcommand: &["put"],
        option: None,
        ..editor(|_| true, DASEL_FILE)
    }])),
    Program::new(&["envsubst"]).prints(Output::Substituted),
];

const DASEL_FILE: Target = Target::Named(&["-f", "--file"]);

/// Describes an editor that changes files in place if it is given an option.
const fn editor(option: fn(&str) -> bool, target: Target) -> Writer {
    Writer { subcommand: &[], option: Some(option), value: Given::Code, target, form: Form::Text }
}

impl Writer {
    /// Takes the words as they are. They are no program that could read the environment.
    const fn of_words(self) -> Self {
        Self { value: Given::Words, ..self }
    }
}

fn is_in_place(option: &str) -> bool {
    option.starts_with("--in-place") || option.starts_with("-i") || option == "-ri" || option == "-Ei"
}

/// Returns true for `-i`, alone or in a bundle of options with an optional suffix: `-pi.bak`.
fn is_in_bundle(option: &str) -> bool {
    let letters = option.strip_prefix('-').filter(|rest| !rest.starts_with(['-', 'I', 'M']));
    letters.is_some_and(|letters| {
        letters.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("").contains('i')
    })
}

/// Returns the files that an editor is given: the operands without its program.
fn behind_code(call: &Call<'_>, code: &[&str], with_word: &[&str], state: &State<'_>) -> Vec<Option<String>> {
    let mut operands = Vec::new();
    let mut has_code = false;
    let mut words = call.arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.to_str();
        // A bundle of options ends with the one that takes the word: `-pe`.
        let is_code = code.iter().any(|option| {
            text == *option || (option.len() == 2 && !text.starts_with("--") && is_bundle(&text, option))
        });
        if is_code {
            has_code = true;
            words.next();
        } else if with_word.contains(&text.as_ref()) {
            words.next();
        } else if code
            .iter()
            .any(|option| text.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
        {
            has_code = true;
        } else if !super::is_option(word) {
            operands.push(word);
        }
    }
    let files = operands.into_iter().skip(usize::from(!has_code));
    files.map(|word| state.file(word)).collect()
}

/// Returns true for single letters of options of which the last is this one.
fn is_bundle(text: &str, option: &str) -> bool {
    let letter = option.trim_start_matches('-');
    text.strip_prefix('-').is_some_and(|letters| {
        letters.ends_with(letter) && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
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
        Given::Words => output::in_words(call, state).or_else(|| output::read(call, &call.fed, state)),
        Given::Code => output::in_code(call, state).or_else(|| output::read(call, &call.fed, state)),
    };
    if value.have_no_token() {
        return;
    }
    let files: Vec<Option<String>> = match writer.target {
        Target::Operands => targets(call.operands(), state),
        Target::First => call.operands().next().map(|word| state.file(word)).into_iter().collect(),
        Target::BehindCode { code, with_word } => behind_code(call, code, with_word, state),
        Target::Named(options) => {
            let word = super::storing::option_word(call.arguments, options);
            word.map(|word| state.file(&word)).into_iter().collect()
        }
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
