//! The parts of a Dockerfile.

use super::Heredoc;
use crate::text::{Span, Text};

/// The instructions that BuildKit knows (`frontend/dockerfile/command/command.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named after the instructions")]
pub(crate) enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// Not an instruction. BuildKit rejects the file.
    Unknown,
}

const KEYWORDS: [(Keyword, &str); 18] = [
    (Keyword::Add, "ADD"),
    (Keyword::Arg, "ARG"),
    (Keyword::Cmd, "CMD"),
    (Keyword::Copy, "COPY"),
    (Keyword::Entrypoint, "ENTRYPOINT"),
    (Keyword::Env, "ENV"),
    (Keyword::Expose, "EXPOSE"),
    (Keyword::From, "FROM"),
    (Keyword::Healthcheck, "HEALTHCHECK"),
    (Keyword::Label, "LABEL"),
    (Keyword::Maintainer, "MAINTAINER"),
    (Keyword::Onbuild, "ONBUILD"),
    (Keyword::Run, "RUN"),
    (Keyword::Shell, "SHELL"),
    (Keyword::Stopsignal, "STOPSIGNAL"),
    (Keyword::User, "USER"),
    (Keyword::Volume, "VOLUME"),
    (Keyword::Workdir, "WORKDIR"),
];

impl Keyword {
    /// Returns the keyword that a word names, in any case.
    pub(crate) fn of(word: &[u8]) -> Self {
        let found = KEYWORDS.iter().find(|(_, name)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map_or(Self::Unknown, |&(keyword, _)| keyword)
    }

    /// Returns the name in upper case, or an empty string for [`Keyword::Unknown`].
    pub(crate) fn name(self) -> &'static str {
        KEYWORDS.iter().find(|&&(keyword, _)| keyword == self).map_or("", |&(_, name)| name)
    }
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// The kind of instruction.
    pub keyword: Keyword,
    /// The span of the keyword.
    pub keyword_span: Span,
    /// The span from the keyword to the end of the last line, including heredocs and their delimiters.
    pub span: Span,
    /// The joined text including the keyword, without heredocs.
    pub text: Text,
    /// The `--name=value` flags before the arguments.
    pub flags: Vec<Flag>,
    /// The arguments after the flags.
    pub arguments: Arguments,
    /// The heredocs that the instruction opens. Those of an `ONBUILD` are in its inner instruction.
    pub heredocs: Vec<Heredoc>,
    /// The inner instruction of an `ONBUILD`.
    pub onbuild: Option<Box<Instruction>>,
    /// The index of the stage, or `None` before the first `FROM`.
    pub stage: Option<usize>,
}

impl Instruction {
    /// Returns the inner instruction of an `ONBUILD`, and otherwise the instruction itself.
    pub(crate) fn effective(&self) -> &Self {
        self.onbuild.as_deref().unwrap_or(self)
    }

    /// Returns true if the instruction runs only in builds based on the image.
    pub(crate) fn is_onbuild(&self) -> bool {
        self.keyword == Keyword::Onbuild
    }

    /// Returns the first flag with that name.
    pub(crate) fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name.as_bytes() == name.as_bytes())
    }

    /// Returns the arguments as words, whatever their form.
    pub(crate) fn words(&self) -> &[Text] {
        match &self.arguments {
            Arguments::Words(words) | Arguments::Exec(words) => words,
            Arguments::Pairs(_) | Arguments::Line(_) | Arguments::None => &[],
        }
    }

    /// Returns the `name=value` pairs of `ENV`, `ARG` and `LABEL`.
    pub(crate) fn pairs(&self) -> &[Pair] {
        match &self.arguments {
            Arguments::Pairs(pairs) => pairs,
            _ => &[],
        }
    }
}

/// A flag, `--mount=type=secret,id=x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The name: `mount`.
    pub name: Text,
    /// The value: `type=secret,id=x`. `None` for a flag without a value.
    pub value: Option<Text>,
    /// The span of the whole flag.
    pub span: Span,
}

/// The arguments of an instruction, after its flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// No arguments, or arguments that could not be parsed.
    None,
    /// The exec form, a JSON array of strings, with its escapes resolved.
    Exec(Vec<Text>),
    /// Words separated by white space, as written (`FROM`, `COPY`, `ADD`, `EXPOSE`, `VOLUME`).
    Words(Vec<Text>),
    /// The pairs of `ENV`, `LABEL` and `ARG`.
    Pairs(Vec<Pair>),
    /// A single text, as written: the shell form of `RUN`, `CMD` and `ENTRYPOINT`, or the argument of
    /// `USER`, `WORKDIR` and others.
    Line(Text),
}

/// A name and its value, as written, with quotes and escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub name: Text,
    /// The value, or `None` for an `ARG` without a default.
    pub value: Option<Text>,
    /// The span of both.
    pub span: Span,
}

/// A comment line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comment {
    /// The span from the `#` to the end of the line.
    pub span: Span,
    /// Whether the comment is between the continuation lines of an instruction.
    pub in_continuation: bool,
}
