//! The result of mending a Dockerfile.

use super::Issue;
use super::RuleId;
use super::Severity;
use super::TokenKind;
use crate::mask::Masked;
use crate::mask::PathName;
use std::collections::BTreeSet;

/// A Dockerfile and the changes that remove its leaks. All fields are safe to show.
pub struct Mending {
    /// The path of the file, as the user named it.
    pub path: PathName,
    /// The changes.
    pub hunks: Vec<Hunk>,
    /// The number of leaks that are mended.
    pub mended: usize,
    /// The values to pass to `docker build --secret` from now on.
    pub secrets: Vec<Masked>,
    /// The values to pass to `docker run -e` from now on, if programs in the image need the token.
    pub at_start: Vec<Masked>,
    /// The kinds of token whose text was in the file. Such tokens have to be revoked even if the file is
    /// mended.
    pub kinds: BTreeSet<TokenKind>,
    /// The remaining leaks, in order of position.
    pub left: Vec<Leak>,
    /// The files that a build would copy and that could not be read.
    pub unread: Vec<Issue>,
}

/// A leak that was not mended.
pub struct Leak {
    /// The line in the original file.
    pub line_before: u64,
    /// The line in the mended file.
    pub line_after: u64,
    /// The rule.
    pub rule: RuleId,
    /// The severity of the leak.
    pub severity: Severity,
    /// The description of the leak.
    pub message: Masked,
    /// The reason why the leak was not mended, if there is a specific one.
    pub why: Option<Masked>,
    /// The manual fix.
    pub help: Masked,
}

/// A group of adjacent changes.
pub struct Hunk {
    /// The first line in the original text, counted from 1, and the number of lines.
    pub before: (usize, usize),
    /// The first line in the mended text, counted from 1, and the number of lines.
    pub after: (usize, usize),
    /// The lines of both texts.
    pub lines: Vec<Line>,
}

/// The text that a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Both texts.
    Both,
    /// The original text.
    Before,
    /// The mended text.
    After,
}

/// A line of a hunk.
pub struct Line {
    /// The text that the line belongs to.
    pub side: Side,
    /// The text of the line, without the line ending.
    pub text: Masked,
    /// Whether the text is complete, with nothing masked.
    pub is_whole: bool,
    /// The line ending: `\n`, `\r\n`, or empty at the end of the file.
    pub ending: &'static str,
}
