//! What a script is made of.

use crate::text::{Span, Text};

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// `NAME=value` in front of the program.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Its redirections, here-documents included.
    pub redirects: Vec<Redirect>,
    /// The commands of one pipeline share a number.
    pub pipeline: usize,
    /// The branches it stands in (`then`, `do`, behind `||` or a test), the outermost first: it runs only where
    /// all of them do.
    pub branches: Vec<usize>,
    /// The subshells it runs in, the outermost first: what it sets ends with them.
    pub subshells: Vec<usize>,
    /// Where it stands in the source.
    pub span: Span,
}

impl Command {
    /// The value of a word's text.
    pub(crate) fn word(&self, index: usize) -> Option<std::borrow::Cow<'_, str>> {
        self.words.get(index).map(|word| word.text.to_str())
    }
}

/// A word with its quotes resolved. What only a running shell knows (`$X`, `$(…)`) stays as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text.
    pub text: Text,
    /// The names of the variables that are expanded in it.
    pub variables: Vec<String>,
    /// Whether a command substitution is in it.
    pub has_substitution: bool,
    /// Whether some part of it is quoted.
    pub is_quoted: bool,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// `<`, `>`, `>>`, `<<`, `<<<`, `>&`, …
    pub operator: &'static str,
    /// The file descriptor in front of it.
    pub descriptor: Option<u32>,
    /// What it leads to.
    pub to: Redirection,
}

/// What a redirection leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirection {
    /// A file, or a descriptor behind `>&`.
    File(Word),
    /// The text of `<<<`.
    String(Word),
    /// A here-document.
    HereDocument {
        /// Its body.
        body: Text,
        /// Whether variables in it are expanded.
        expand: bool,
    },
}
