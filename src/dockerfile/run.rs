//! What a `RUN` runs (BuildKit, `dispatchRun` in `frontend/dockerfile/dockerfile2llb/convert.go`).

use super::{Arguments, Instruction, Scope, Span, Text, heredoc};

/// The language of a script, told by what runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// A POSIX shell or one that is near to it.
    Shell,
    /// Python.
    Python,
    /// Another one.
    Other,
}

impl Language {
    /// The language of an interpreter, by its path or name.
    pub fn of_program(program: &str) -> Self {
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
pub enum Script {
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

/// The script of a `RUN`, none for one without arguments.
pub fn run_script(instruction: &Instruction, scope: Scope<'_>) -> Option<Script> {
    let line = match &instruction.arguments {
        Arguments::Exec(words) => return Some(Script::Exec(words.clone())),
        Arguments::Line(line) => line,
        _ => return None,
    };
    let default = match scope.shell() {
        // A wrapper such as `conda run` names the shell behind it.
        Some(words) => {
            let mut known = words.iter().map(|word| Language::of_program(&word.to_str()));
            known.find(|language| *language != Language::Other).unwrap_or(Language::Other)
        }
        None => Language::Shell,
    };
    match instruction.heredocs.as_slice() {
        [] => Some(Script::Text { language: default, text: line.clone() }),
        // A heredoc alone is the script itself.
        [only] if heredoc::is_single_word(line) => {
            let language = shebang(&only.body).unwrap_or(default);
            Some(Script::Text { language, text: only.body.clone() })
        }
        heredocs => {
            let mut text = line.clone();
            for heredoc in heredocs {
                let start = Span::new(heredoc.span.start, heredoc.span.start);
                let end = Span::new(heredoc.span.end, heredoc.span.end);
                text.push(b"\n", start);
                text.push_text(&heredoc.body, 0..heredoc.body.len());
                text.push(heredoc.name.as_bytes(), end);
            }
            Some(Script::Text { language: default, text })
        }
    }
}

/// The language that a `#!` line names.
fn shebang(script: &Text) -> Option<Language> {
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
