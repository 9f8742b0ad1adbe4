//! The things that a script does which matter to tokens.

use std::rc::Rc;

use super::pattern::covers_normal;
use super::source::Sources;
use crate::text::Span;

/// One thing that a step of a script does. Effects are listed in the order in which they happen.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) kind: EffectKind,
    /// The command, or the call in a Python script.
    pub(crate) span: Span,
    /// The step, by number.
    pub(crate) step: usize,
    /// What of the step does it.
    pub(crate) by: Agent,
    /// The branches it is in, the outermost first: it happens only where all of them run.
    pub(crate) branches: Vec<usize>,
}

/// What of a step does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    /// The step itself.
    Step,
    /// A command that the step's Python script runs.
    Process,
    /// A trap, when the shell ends in front of the step or behind it.
    Trap,
}

#[derive(Debug, Clone)]
pub(crate) enum EffectKind {
    /// A token gets into a file.
    Write(Write),
    /// A program is handed a token in a URL, and keeps it in no file.
    Pass(Pass),
    /// Files are removed.
    Removal(Vec<Removal>),
    /// A login to the Hub.
    Login(Login),
    /// A logout.
    Logout(Logout),
    /// Files of a login are copied or moved to another place.
    LoginCopied,
    /// A tool of the Hub is handed a value, which it takes for a token whatever it is.
    Handed(Sources),
    /// A program reads what a login or a variable is for.
    Read(Read),
    /// Git is told to keep the passwords that it is handed in this file, by its name.
    Helper(String),
}

/// A token that gets into a file.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    /// The program that writes.
    pub(crate) program: String,
    /// Where the token comes from.
    pub(crate) value: Sources,
    /// How it is written.
    pub(crate) form: Form,
    /// The file, as a normal path; none where its place is not known.
    pub(crate) file: Option<String>,
}

/// How a token is written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In a URL, in front of the host.
    Url,
    /// In any other way.
    Text,
}

/// A token that goes by.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    /// The program.
    pub(crate) program: String,
    /// Where the token comes from.
    pub(crate) value: Sources,
}

/// An operand of `rm` or of its like.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Removal {
    /// A normal path or a pattern of one, absolute or in a home that is not known; none where it is not known itself.
    pub(crate) pattern: Option<String>,
    /// What of it goes.
    pub(crate) extent: Extent,
}

/// What a removal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// Files alone.
    Files,
    /// Directories with all that is in them, too.
    Trees,
}

impl Removal {
    /// The removal of one file.
    pub(crate) fn of_file(file: String) -> Self {
        Self { pattern: Some(file), extent: Extent::Files }
    }

    /// Whether it takes a file away.
    pub(crate) fn takes(&self, file: &str) -> bool {
        let depth = |path: &str| path.split('/').count();
        let takes = |pattern: &str| {
            covers_normal(pattern, file) && (self.extent == Extent::Trees || depth(pattern) == depth(file))
        };
        self.pattern.as_deref().is_some_and(takes)
    }
}

/// A login to the Hub.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The command in normal form: `hf auth login`.
    pub(crate) command: &'static str,
    /// The files that it writes; none where their place is not known.
    pub(crate) files: Option<Rc<[String]>>,
    /// The files that a logout in its place would remove.
    pub(crate) place: Option<Rc<[String]>>,
    /// Whether it hands the token to git too.
    pub(crate) handover: Handover,
    /// Where its token may come from, by the words around it and the variables in them.
    pub(crate) token: Rc<Sources>,
}

/// A logout.
#[derive(Debug, Clone)]
pub(crate) struct Logout {
    /// The files of a login in its place; none where their place is not known.
    pub(crate) files: Option<Rc<[String]>>,
    /// Which tokens it takes out of them.
    pub(crate) tokens: Tokens,
}

impl Logout {
    /// What it removes; nothing where it leaves the files there.
    pub(crate) fn removals(&self) -> Vec<Removal> {
        let files = self.files.iter().filter(|_| self.tokens == Tokens::All);
        files.flat_map(|files| files.iter().cloned().map(Removal::of_file)).collect()
    }
}

/// The tokens that a logout takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    All,
    /// The one that it names. Which one a login wrote is not known.
    Named,
}

/// Whether a login hands its token to git's credential helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handover {
    ToGit,
    None,
}

/// Something that a program reads or may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A token in its environment.
    Environment(Reader),
    /// A file or a directory that a login makes: the program fails where that is not there.
    LoginFiles,
}

/// A program that may read a token from its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// One of the Hub's own tools.
    Hub,
    /// Any other.
    Other,
}
