//! A script, and what it is written in.

use crate::text::Text;

/// The language of a script, told by what runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// A POSIX shell or one that is near to it.
    Shell,
    /// Python.
    Python,
    /// Another one.
    Other,
}

impl Language {
    /// The language of an interpreter, by its path or name.
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

/// What a `RUN` runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Script {
    /// The exec form: a program and its arguments, with no shell.
    Exec(Vec<Text>),
    /// A script for an interpreter.
    Text {
        /// What it is written in.
        language: Language,
        /// The script, heredocs included.
        text: Text,
    },
}
