//! Programs that copy, move or rename files.

use std::borrow::Cow;
use std::rc::Rc;

use super::table::{Action, Arrangement, Copied, Copying, Program};
use super::{Call, output};
use crate::dockerfile::{is_usual_directory, normal};
use crate::effects::effect::{EffectKind, Extent, Form, MountCopy, Removal, Write};
use crate::effects::pattern::covers_normal;
use crate::effects::source::Sources;
use crate::effects::state::State;
use crate::effects::words;
use crate::shell::Word;
use crate::text::Text;

/// The arguments of `cp`. Its single-letter options take no word.
const PLAIN: Copying =
    Copying { arrangement: Arrangement::BeforeDestination, with_word: &[], outcome: Copied::Twice };

pub(super) const ROWS: &[Program] = &[
    Program::harmless(&["cp"]).does(Action::Copy(&PLAIN)).needs_operands(),
    Program::harmless(&["mv"])
        .does(Action::Copy(&Copying { outcome: Copied::Moved, ..PLAIN }))
        .needs_operands(),
    Program::harmless(&["install"])
        .does(Action::Copy(&Copying { with_word: &["-m", "-o", "-g"], ..PLAIN }))
        .needs_operands(),
    Program::harmless(&["ln"])
        .does(Action::Copy(&Copying { outcome: Copied::Linked, ..PLAIN }))
        .needs_operands(),
    Program::new(&["rsync"]).does(Action::Copy(&PLAIN)).needs_operands(),
    Program::new(&["dd"]).does(Action::Copy(&Copying { arrangement: Arrangement::Named, ..PLAIN })),
    Program::harmless(&["tar"])
        .does(Action::Copy(&Copying {
            arrangement: Arrangement::AllButLast,
            with_word: &[],
            outcome: Copied::Packed,
        }))
        .needs_operands(),
];

/// The sources and the destination of the files that a command line copies.
struct Operands<'a> {
    from: Vec<Cow<'a, Word>>,
    to: Option<Cow<'a, Word>>,
    /// Whether the destination is a directory, in which files keep their names.
    is_into: bool,
}

fn operands<'a>(call: &Call<'a>, copying: &Copying) -> Operands<'a> {
    match copying.arrangement {
        Arrangement::BeforeDestination => before_destination(call, copying),
        Arrangement::Named => {
            let named = |prefix: &str| {
                let found =
                    call.arguments.iter().find(|word| word.text.starts_with_at(0, prefix.as_bytes()))?;
                let text = found.text.slice(prefix.len()..found.text.len());
                Some(Cow::Owned(Word { text, ..found.clone() }))
            };
            let input = || {
                let mut text = Text::new();
                text.push(b"/dev/stdin", call.near.step.span);
                Cow::Owned(Word { text, ..Word::default() })
            };
            let from = named("if=").unwrap_or_else(input);
            Operands { from: vec![from], to: named("of="), is_into: false }
        }
        Arrangement::AllButLast => {
            let from = call.arguments.split_last().map(|(_, from)| from).unwrap_or_default();
            Operands { from: from.iter().map(Cow::Borrowed).collect(), to: None, is_into: false }
        }
    }
}

fn before_destination<'a>(call: &Call<'a>, copying: &Copying) -> Operands<'a> {
    let mut from = Vec::new();
    let mut directory = None;
    let mut words = call.arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.to_str();
        match text.as_ref() {
            "-t" | "--target-directory" => directory = words.next().map(Cow::Borrowed),
            option if copying.with_word.contains(&option) => drop(words.next()),
            option if option.starts_with('-') => {}
            _ => from.push(Cow::Borrowed(word)),
        }
    }
    let is_named = directory.is_some();
    let to = directory.or_else(|| from.pop());
    let is_directory = to.as_ref().is_some_and(|to| {
        let text = to.text.to_str();
        text.ends_with('/') || matches!(text.as_ref(), "." | ".." | "~")
    });
    let is_into = is_named || is_directory || from.len() > 1;
    Operands { from, to, is_into }
}

/// Adds the effects of copying files that hold tokens.
pub(super) fn copy(call: &Call<'_>, copying: &Copying, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    if copying.outcome == Copied::Linked && is_symbolic(call) {
        return;
    }
    let Operands { from, to, is_into } = operands(call, copying);
    let from: Vec<_> = from.iter().map(|word| (word, state.file(word))).collect();
    if from.iter().any(|(_, path)| path.as_deref().is_some_and(|path| holds_login(path, state))) {
        effects.push(EffectKind::LoginCopied);
    }
    let Some(to) = to else { return };
    for (word, source) in from {
        let held = || source.as_deref().map(|source| state.held_at(source)).unwrap_or_default();
        let value = words::secret_file(&state.variables, word).tokens().or_else(held);
        let value = value.or_else(|| streamed(call, word, state));
        if value.have_no_token() {
            continue;
        }
        let target = state.file(&to);
        let name = source.as_deref().and_then(|source| source.rsplit('/').next());
        let file = match (target, name) {
            (Some(to), Some(name)) if is_into => Some(normal(&format!("{to}/{name}"))),
            (to, _) if !is_into => to,
            _ => None,
        };
        effects.push(EffectKind::Write(Write {
            program: call.name.to_owned(),
            value,
            form: Form::Text,
            file,
        }));
        if copying.outcome == Copied::Moved {
            effects.push(EffectKind::Removal(vec![Removal { pattern: source, extent: Extent::Trees }]));
        }
    }
}

/// Returns what is copied, each with its new path.
pub(super) fn taken(call: &Call<'_>, copying: &Copying, state: &State<'_>) -> Vec<MountCopy> {
    if copying.outcome == Copied::Linked {
        return Vec::new();
    }
    let Operands { from, to, is_into } = operands(call, copying);
    let to = to.and_then(|to| state.file(&to));
    let is_existing = |to: &String| *to == state.within(".") || is_usual_directory(to);
    let is_into = is_into || to.as_ref().is_some_and(is_existing);
    let taken = from.iter().filter_map(|word| {
        let (written, from) = (word.text.to_str(), state.file(word)?);
        let name = from.rsplit('/').next().unwrap_or_default();
        let is_content = matches!(written.as_ref(), "." | "./")
            || written.ends_with("/.")
            || written.ends_with("/./")
            || (call.name == "rsync" && written.ends_with('/'));
        let is_pattern = name.contains(['*', '?', '[']);
        let to = to.as_ref().map(|to| {
            if is_into && !is_content && !is_pattern { normal(&format!("{to}/{name}")) } else { to.clone() }
        });
        Some(MountCopy { to, is_into: is_pattern, from })
    });
    taken.collect()
}

/// Returns the copied files, each with its new path, as far as both are known.
pub(super) fn copied(call: &Call<'_>, copying: &Copying, state: &State<'_>) -> Vec<(String, String)> {
    let Operands { from, to, is_into } = operands(call, copying);
    let Some(to) = to.and_then(|to| state.file(&to)) else { return Vec::new() };
    let files = from.iter().filter_map(|word| state.file(word));
    files
        .flat_map(|from| {
            let name = from.rsplit('/').next().unwrap_or_default();
            let into = normal(&format!("{to}/{name}"));
            let there = (from.clone(), to.clone());
            // An existing directory is not known as one.
            if is_into { vec![(from, into)] } else { vec![there, (from, into)] }
        })
        .collect()
}

/// Returns the sources of the token in a stream that is given as a file: standard input or the output of a process.
fn streamed(call: &Call<'_>, word: &Word, state: &State<'_>) -> Sources {
    if word.text.starts_with_at(0, b"<(") {
        words::substituted(&state.variables, &word.text.to_str()).tokens()
    } else if STANDARD_INPUT.contains(&word.text.as_bytes()) {
        output::read(call, &call.fed, state)
    } else {
        Sources::default()
    }
}

/// Names of the standard input.
const STANDARD_INPUT: [&[u8]; 3] = [b"/dev/stdin", b"/dev/fd/0", b"/proc/self/fd/0"];

/// Returns true for `ln -s`, whose link holds only a name.
fn is_symbolic(call: &Call<'_>) -> bool {
    call.arguments.iter().any(|word| {
        let option = word.text.to_str();
        option == "--symbolic"
            || (option.starts_with('-') && !option.starts_with("--") && option.contains('s'))
    })
}

/// Returns true if the path holds files of a login.
fn holds_login(path: &str, state: &State<'_>) -> bool {
    let is_held = |files: Rc<[String]>| files.iter().any(|file| covers_normal(path, file));
    !path.is_empty() && state.login_files().is_some_and(is_held)
}
