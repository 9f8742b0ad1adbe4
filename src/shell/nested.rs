//! Scripts within scripts, given to an interpreter by `sh -c`, `python -c`, `eval`, here-documents and
//! pipes.

use super::Language;
use super::{Command, Redirection, Word, wrappers::base_name};
use crate::text::{Span, Text};

/// Parses `python -m MODULE …`. Returns the module and its arguments.
pub(super) fn module<'a>(program: &str, arguments: &'a [Word]) -> Option<(String, &'a [Word])> {
    if Language::of_program(program) != Language::Python {
        return None;
    }
    let at = arguments
        .iter()
        .take_while(|word| word.text.byte(0) == Some(b'-'))
        .position(|word| word.text.as_bytes() == b"-m")?;
    let module = arguments.get(at + 1)?;
    Some((module.text.to_str().into_owned(), arguments.get(at + 2..).unwrap_or_default()))
}

/// A script within a command.
pub(super) struct Nested {
    pub(super) language: Language,
    pub(super) script: Text,
    /// Whether another process runs the script.
    pub(super) is_process: bool,
}

impl Nested {
    fn of_process(language: Language, script: Text) -> Self {
        Self { language, script, is_process: true }
    }
}

/// Returns the script that an interpreter is given.
pub(super) fn nested(
    program: &str,
    arguments: &[Word],
    command: &Command,
    before: &[Command],
) -> Option<Nested> {
    if program == "eval" {
        return Some(Nested { language: Language::Shell, script: joined(arguments), is_process: false });
    }
    let is_su = matches!(program, "su" | "runuser");
    let language = if is_su { Language::Shell } else { Language::of_program(program) };
    if language == Language::Other {
        return None;
    }
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.to_str();
        match text.as_ref() {
            "-" if is_su => {}
            "-" => break,
            "/c" | "/C" | "-Command" | "-command" => {
                return Some(Nested::of_process(language, joined(words.as_slice())));
            }
            "-m" if language == Language::Python => return None,
            // These options have a value of their own.
            "-X" | "-W" if language == Language::Python => {
                words.next();
            }
            "--command" if is_su => return Some(Nested::of_process(language, words.next()?.text.clone())),
            option if option.starts_with("--") => {}
            option if option.starts_with(['-', '+']) => {
                // Each `o` and `O` takes a word, at any position in a bundle of options: `-euxo pipefail
                // -c`.
                let takes_word = |c: &char| matches!(c, 'o' | 'O');
                if language == Language::Shell && !is_su {
                    for _ in option.chars().filter(takes_word) {
                        words.next();
                    }
                }
                if option.starts_with('-') && option.contains('c') {
                    return Some(Nested::of_process(language, words.next()?.text.clone()));
                }
            }
            _ if is_su => {}
            // The content of a script file is not available here.
            _ => return None,
        }
    }
    standard_input(command, before).map(|script| Nested::of_process(language, script))
}

/// Returns the standard input of a command, if the script itself contains it.
fn standard_input(command: &Command, before: &[Command]) -> Option<Text> {
    let own = command.redirects.iter().rev().find_map(|redirect| match &redirect.to {
        Redirection::HereDocument { body, .. } => Some(body.clone()),
        Redirection::String(word) => Some(word.text.clone()),
        Redirection::File(_) => None,
    });
    if own.is_some() {
        return own;
    }
    let feeder = before.last().filter(|feeder| feeder.pipeline == command.pipeline)?;
    let (program, arguments) = feeder.words.split_first()?;
    match base_name(&program.text.to_str()).as_str() {
        "echo" | "printf" => Some(joined(arguments)),
        "cat" => standard_input(feeder, &[]),
        _ => None,
    }
}

/// Joins words with spaces.
fn joined(words: &[Word]) -> Text {
    let mut text = Text::new();
    for word in words {
        if !text.is_empty() {
            let end = text.span().end;
            text.push(b" ", Span::new(end, end));
        }
        text.push_text(&word.text, 0..word.text.len());
    }
    text
}
