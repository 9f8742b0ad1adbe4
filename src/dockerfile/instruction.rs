//! What a Dockerfile is made of.

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
    /// Not an instruction; BuildKit rejects the file.
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
    /// The keyword that a word names, in any case.
    pub(crate) fn of(word: &[u8]) -> Self {
        let found = KEYWORDS.iter().find(|(_, name)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map_or(Self::Unknown, |&(keyword, _)| keyword)
    }

    /// Its name in upper case; empty for [`Keyword::Unknown`].
    pub(crate) fn name(self) -> &'static str {
        KEYWORDS.iter().find(|&&(keyword, _)| keyword == self).map_or("", |&(_, name)| name)
    }
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Which one it is.
    pub keyword: Keyword,
    /// The word that names it.
    pub keyword_span: Span,
    /// From its keyword to the end of its last line, heredocs and their delimiters included.
    pub span: Span,
    /// The joined text, keyword included, without heredocs.
    pub text: Text,
    /// The `--name=value` flags in front of the arguments.
    pub flags: Vec<Flag>,
    /// What follows the flags.
    pub arguments: Arguments,
    /// The heredocs it opens. They belong to the inner instruction of an `ONBUILD`.
    pub heredocs: Vec<Heredoc>,
    /// The instruction that an `ONBUILD` holds.
    pub onbuild: Option<Box<Instruction>>,
    /// The stage it belongs to, by number; none in front of the first `FROM`.
    pub stage: Option<usize>,
}

impl Instruction {
    /// The instruction that acts: what an `ONBUILD` holds, else the instruction itself.
    pub(crate) fn effective(&self) -> &Self {
        self.onbuild.as_deref().unwrap_or(self)
    }

    /// Whether it runs in builds from the image only.
    pub(crate) fn is_onbuild(&self) -> bool {
        self.keyword == Keyword::Onbuild
    }

    /// The first flag of that name.
    pub(crate) fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name.as_bytes() == name.as_bytes())
    }

    /// The arguments as words, whichever form they have.
    pub(crate) fn words(&self) -> &[Text] {
        match &self.arguments {
            Arguments::Words(words) | Arguments::Exec(words) => words,
            Arguments::Pairs(_) | Arguments::Line(_) | Arguments::None => &[],
        }
    }

    /// The `name=value` pairs of `ENV`, `ARG` and `LABEL`.
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
    /// `mount`.
    pub name: Text,
    /// `type=secret,id=x`; none for a bare flag.
    pub value: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// What follows an instruction's flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Nothing, or nothing that could be read.
    None,
    /// The exec form, a JSON array of strings, with the escapes resolved.
    Exec(Vec<Text>),
    /// Words between white space, as written (`FROM`, `COPY`, `ADD`, `EXPOSE`, `VOLUME`).
    Words(Vec<Text>),
    /// `ENV`, `LABEL`, `ARG`.
    Pairs(Vec<Pair>),
    /// One text, as written: the shell form of `RUN`, `CMD`, `ENTRYPOINT`; `USER`, `WORKDIR`, …
    Line(Text),
}

/// A name and its value, as written: quotes and escapes are still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The name.
    pub name: Text,
    /// The value; none for an `ARG` without a default.
    pub value: Option<Text>,
    /// Both.
    pub span: Span,
}

/// A comment line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comment {
    /// From its `#` to the end of the line.
    pub span: Span,
    /// Whether it stands between the continuation lines of an instruction.
    pub in_continuation: bool,
}
