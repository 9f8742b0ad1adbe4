//! What mending a Dockerfile comes to.

use super::RuleId;
use super::Severity;
use super::TokenKind;
use crate::mask::Masked;
use crate::mask::PathName;
use std::collections::BTreeSet;

/// A Dockerfile, and what it would be without its leaks. All of it is safe to show.
pub struct Mending {
    /// The file, as it was named.
    pub path: PathName,
    /// What changes.
    pub hunks: Vec<Hunk>,
    /// How many leaks are mended.
    pub mended: usize,
    /// What `docker build --secret` is given from now on.
    pub secrets: Vec<Masked>,
    /// What `docker run -e` is given from now on, where the image's programs need the token.
    pub at_start: Vec<Masked>,
    /// The kinds of token whose text stood in the file: they have to be revoked, mended or not.
    pub kinds: BTreeSet<TokenKind>,
    /// What is left, in order of position.
    pub left: Vec<Leak>,
}

/// A leak that was not mended.
pub struct Leak {
    /// Its line in the file as it was.
    pub line_before: u64,
    /// Its line in the mended file.
    pub line_after: u64,
    /// The rule.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub message: Masked,
    /// Why it was left as it is, where there is a reason of its own.
    pub why: Option<Masked>,
    /// What to do about it by hand.
    pub help: Masked,
}

/// Changes that stand close to each other.
pub struct Hunk {
    /// The first line of the text as it was, from 1, and how many there are.
    pub before: (usize, usize),
    /// The same of the text as it is to be.
    pub after: (usize, usize),
    /// The lines of both.
    pub lines: Vec<Line>,
}

/// Which text a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Both.
    Both,
    /// The text as it was.
    Before,
    /// The text as it is to be.
    After,
}

/// A line.
pub struct Line {
    /// Which text it is of.
    pub side: Side,
    /// Its text, without the line ending.
    pub text: Masked,
    /// Whether that is all of it: nothing was masked.
    pub is_whole: bool,
    /// Its ending: `\n`, `\r\n`, or nothing at the end of the file.
    pub ending: &'static str,
}
