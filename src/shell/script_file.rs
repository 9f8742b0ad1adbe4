//! The script files that commands run.

use super::{Language, Step, StepKind, Word};

/// A file that a step runs as a script.
pub(crate) struct ScriptFile<'a> {
    pub(crate) place: ScriptPath<'a>,
    /// The language of the interpreter, if the command names one.
    pub(crate) language: Option<Language>,
    /// The arguments of the script.
    pub(crate) arguments: &'a [Word],
    /// Whether another process runs the script.
    pub(crate) is_process: bool,
}

/// How a command names a script.
pub(crate) enum ScriptPath<'a> {
    File(&'a Word),
    /// A module of Python, by its dotted name.
    Module(&'a str),
    /// A program in one of the directories for programs.
    Program(&'a str),
}

/// Returns the script file that a step runs. `feeder` is the step whose output is piped into it.
pub(crate) fn script_file<'a>(step: &'a Step, feeder: Option<&'a Step>) -> Option<ScriptFile<'a>> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return None };
    if step.is_module {
        let language = Some(Language::Python);
        return Some(ScriptFile { place: ScriptPath::Module(name), language, arguments, is_process: true });
    }
    if matches!(name.as_str(), "." | "source") {
        let (file, arguments) = arguments.split_first()?;
        let language = Some(Language::Shell);
        return Some(ScriptFile { place: ScriptPath::File(file), language, arguments, is_process: false });
    }
    let language = Language::of_program(name);
    if language != Language::Other {
        let read = || step.inputs.first().or_else(|| printed(feeder?));
        let (file, arguments) = operand(language, arguments).or_else(|| Some((read()?, &[][..])))?;
        let language = Some(language);
        return Some(ScriptFile { place: ScriptPath::File(file), language, arguments, is_process: true });
    }
    let place = match &step.path {
        Some(path) => ScriptPath::File(path),
        None if name.is_empty() => return None,
        None => ScriptPath::Program(name),
    };
    Some(ScriptFile { place, language: None, arguments, is_process: true })
}

/// Returns the only file that a step prints as it is.
fn printed(step: &Step) -> Option<&Word> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return None };
    let is_option = |word: &&Word| word.text.byte(0) == Some(b'-') && word.text.len() > 1;
    let mut files = arguments.iter().filter(|word| !is_option(word));
    let file = if arguments.is_empty() { step.inputs.first() } else { files.next() };
    file.filter(|_| name == "cat" && files.next().is_none())
}

/// Returns the script among the arguments of an interpreter, and the arguments after it.
fn operand(language: Language, arguments: &[Word]) -> Option<(&Word, &[Word])> {
    let mut at = 0;
    loop {
        let word = arguments.get(at)?;
        let text = word.text.to_str();
        match text.as_ref() {
            "-File" | "-file" => return Some((arguments.get(at + 1)?, arguments.get(at + 2..)?)),
            "-X" | "-W" if language == Language::Python => at += 2,
            "--" => at += 1,
            "-" | "/c" | "/C" => return None,
            option if option.starts_with("--") => at += 1,
            option if option.starts_with(['-', '+']) => {
                if option.starts_with('-') && option.contains(['c', 'm']) && language == Language::Python {
                    return None;
                }
                // A script is only checked with `-n`.
                if option.starts_with('-')
                    && (option.contains('c') || (option.contains('n') && language == Language::Shell))
                {
                    return None;
                }
                let words = option.chars().filter(|c| matches!(c, 'o' | 'O')).count();
                at += 1 + if language == Language::Shell { words } else { 0 };
            }
            _ => return Some((word, arguments.get(at + 1..)?)),
        }
    }
}
