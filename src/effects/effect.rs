//! The effects of a script that matter to tokens.

use std::rc::Rc;

use super::files::ScriptPlace;
use super::pattern::covers_normal;
use super::source::Sources;
use crate::text::Span;

/// One effect of a step of a script. Effects are listed in the order in which they happen.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) kind: EffectKind,
    /// The command, or the call in a Python script.
    pub(crate) span: Span,
    /// The index of the step.
    pub(crate) step: usize,
    /// The part of the step that has the effect.
    pub(crate) by: Agent,
    /// The branches around the step, the outermost first. The effect happens only if all of them run.
    pub(crate) branches: Vec<usize>,
    /// The place in a script file that the step runs, if the effect is the script's.
    pub(crate) script: Option<ScriptPlace>,
}

/// The part of a step that has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    /// The step itself.
    Step,
    /// A command that the step's Python script runs.
    Process,
    /// A trap that runs because the shell ended before or after the step.
    Trap,
    /// A script file that the step runs.
    Script,
}

#[derive(Debug, Clone)]
pub(crate) enum EffectKind {
    /// A token is written into a file.
    Write(Write),
    /// A program is given a token in a URL but does not store it in a file.
    Pass(Pass),
    /// Files are removed.
    Removal(Vec<Removal>),
    /// A login to the Hub.
    Login(Login),
    /// A logout from the Hub.
    Logout(Logout),
    /// The files of a login are copied or moved to another place.
    LoginCopied,
    /// A program reads a file of a login or a token from its environment.
    Read(Read),
    /// Git is configured to store the passwords it is given in the file with this name.
    Helper(String),
}

/// A token that is written into a file.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    /// The program that writes.
    pub(crate) program: String,
    /// The origin of the token.
    pub(crate) value: Sources,
    /// The form in which the token is written.
    pub(crate) form: Form,
    /// The file as a normal path, or `None` if its location is unknown.
    pub(crate) file: Option<String>,
}

/// The form in which a token is written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In a URL, before the host.
    Url,
    /// In any other form.
    Text,
}

/// A file or directory of the build context that a program copies from a bind mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MountCopy {
    /// The path in the context, which may be a pattern.
    pub(crate) from: String,
    /// The new path as a normal path, or `None` if it is unknown.
    pub(crate) to: Option<String>,
    /// Whether the new path is a directory, in which files keep their names.
    pub(crate) is_into: bool,
}

/// A token that a program is given but does not store.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    /// The program.
    pub(crate) program: String,
    /// The origin of the token.
    pub(crate) value: Sources,
}

/// An operand of `rm` or a similar command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Removal {
    /// A normal path or a pattern of one, absolute or below an unknown home directory. `None` if the path
    /// itself is unknown.
    pub(crate) pattern: Option<String>,
    /// The extent of the removal.
    pub(crate) extent: Extent,
}

/// The kinds of file that a removal deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// Only files.
    Files,
    /// Files, and directories with all their contents.
    Trees,
}

impl Removal {
    /// Returns the removal of one file.
    pub(crate) fn of_file(file: String) -> Self {
        Self { pattern: Some(file), extent: Extent::Files }
    }

    /// Returns true if the removal deletes the file.
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
    /// The files that the login writes, or `None` if their location is unknown.
    pub(crate) files: Option<Rc<[String]>>,
    /// The files that a logout at this point would remove.
    pub(crate) place: Option<Rc<[String]>>,
    /// Whether the login also stores the token in git's credential helper.
    pub(crate) handover: Handover,
    /// The possible sources of its token, judging by the surrounding words and the variables in them.
    pub(crate) token: Rc<Sources>,
}

/// A logout from the Hub.
#[derive(Debug, Clone)]
pub(crate) struct Logout {
    /// The files that a login at this point would write, or `None` if their location is unknown.
    pub(crate) files: Option<Rc<[String]>>,
    /// The tokens that the logout deletes from the files.
    pub(crate) tokens: Tokens,
}

impl Logout {
    /// Returns the files that the logout removes. The list is empty if the files remain.
    pub(crate) fn removals(&self) -> Vec<Removal> {
        let files = self.files.iter().filter(|_| self.tokens == Tokens::All);
        files.flat_map(|files| files.iter().cloned().map(Removal::of_file)).collect()
    }
}

/// The tokens that a logout deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    All,
    /// Only the token that the command names. The name under which a login stored its token is unknown.
    Named,
}

/// Whether a login hands its token to git's credential helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handover {
    ToGit,
    None,
}

/// Something that a program reads, or may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A token in the environment of the program.
    Environment(Reader),
    /// A file or a directory that a login creates. The program fails if it is missing.
    LoginFiles,
}

/// A program that may read a token from its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// One of the Hub's own tools.
    Hub,
    /// Any other program.
    Other,
}
