//! The parts of a script.

use crate::text::{Span, Text};

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// The `NAME=value` assignments before the program.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Its redirections, here-documents included.
    pub redirects: Vec<Redirect>,
    /// The number of the pipeline, which all its commands share.
    pub pipeline: usize,
    /// Whether the output of a group in front of it, `(…) |` or `{ …; } |`, is its input.
    pub is_fed_by_group: bool,
    /// The branches around the command (`then`, `do`, after `||` or a test), the outermost first. The
    /// command runs only if all of them run.
    pub branches: Vec<usize>,
    /// The subshells in which the command runs, the outermost first. Settings of the command end with them.
    pub subshells: Vec<usize>,
    /// The span of the command in the source.
    pub span: Span,
}

impl Command {
    /// Returns the text of the word at `index`.
    pub(crate) fn word(&self, index: usize) -> Option<std::borrow::Cow<'_, str>> {
        self.words.get(index).map(|word| word.text.to_str())
    }
}

/// A word with its quotes resolved. Parts that only a running shell can expand (`$X`, `$(…)`) stay as
/// written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pub text: Text,
    /// The names of the variables in the word that are expanded.
    pub variables: Vec<String>,
    /// Whether the word contains a command substitution.
    pub has_substitution: bool,
    /// Whether any part of the word is quoted.
    pub is_quoted: bool,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// The operator: `<`, `>`, `>>`, `<<`, `<<<`, `>&` and others.
    pub operator: &'static str,
    /// The file descriptor before the operator.
    pub descriptor: Option<u32>,
    /// The target or the source of the redirection.
    pub to: Redirection,
}

/// The target or the source of a redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirection {
    /// A file, or a descriptor after `>&`.
    File(Word),
    /// The text of `<<<`.
    String(Word),
    /// A here-document.
    HereDocument {
        /// The text of the here-document.
        body: Text,
        /// Whether variables in the body are expanded.
        expand: bool,
    },
}
