//! A script and its language.

use crate::text::Text;

/// The language of a script, determined by its interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// A POSIX shell or a similar one.
    Shell,
    Python,
    /// Any other language.
    Other,
}

impl Language {
    /// Returns the language of an interpreter, given its path or name.
    pub(crate) fn of_program(program: &str) -> Self {
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name.strip_suffix(".exe").unwrap_or(name);
        if name.strip_prefix("pypy").or_else(|| name.strip_prefix("python")).is_some_and(is_version) {
            return Self::Python;
        }
        match name {
            "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "mksh" | "busybox" | "fish" | "cmd"
            | "powershell" | "pwsh" => Self::Shell,
            _ => Self::Other,
        }
    }
}

fn is_version(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Returns the language that the `#!` line of a script names.
pub(crate) fn shebang(script: &Text) -> Option<Language> {
    let text = script.to_str();
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_whitespace();
    let program = words.next()?;
    if program.ends_with("/env") {
        let program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        return Some(Language::of_program(program));
    }
    Some(Language::of_program(program))
}

/// The script of a `RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Script {
    /// The exec form: a program and its arguments, without a shell.
    Exec(Vec<Text>),
    /// A script for an interpreter.
    Text {
        /// The language of the script.
        language: Language,
        /// The script, including heredocs.
        text: Text,
    },
}
