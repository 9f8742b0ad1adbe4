//! Mistakes in policy files.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::mask::{Masked, mask};

/// A mistake in a policy file: `FILE:LINE:COLUMN: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct PolicyError {
    file: Masked,
    /// Line and column, counted from 1. `None` if the file as a whole is wrong.
    position: Option<(usize, usize)>,
    message: Masked,
}

impl PolicyError {
    /// Creates an error about a whole file.
    pub(crate) fn whole(file: &Path, message: &str) -> Self {
        Self { file: shown(file), position: None, message: mask(message.as_bytes()) }
    }

    /// Creates an error about a part of a file's text.
    pub(crate) fn within(file: &Path, text: &str, span: Option<Range<usize>>, message: &str) -> Self {
        let position = span.map(|span| position(text, span.start));
        Self { file: shown(file), position, message: mask(message.as_bytes()) }
    }

    /// Creates an error from that of the TOML parser.
    pub(crate) fn of(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message();
        let message = match suggestion(message) {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message.to_owned(),
        };
        Self::within(file, text, error.span(), &message)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.as_str())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        // A parser's message may have several lines.
        write!(f, ": {}", self.message.as_str().lines().collect::<Vec<_>>().join("; "))
    }
}

/// Returns the line and column of a byte, each counted from 1. The column counts characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    (before.matches('\n').count() + 1, column + 1)
}

fn shown(path: &Path) -> Masked {
    mask(path.as_os_str().as_encoded_bytes())
}

/// Returns the name that was meant, from a message such as "unknown field `a`, expected one of `b`, `c`".
fn suggestion(message: &str) -> Option<&str> {
    let mut names = message.split('`').skip(1).step_by(2);
    let given = names.next().filter(|_| message.starts_with("unknown "))?;
    nearest(given, names)
}

/// Returns the candidate that is most similar to a misspelled name, if one is similar enough.
pub(super) fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(given, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
