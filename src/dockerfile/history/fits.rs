//! Compares history entries with the entries that instructions leave.

use super::entry::{Entry, Form, Named, is_shell};
use super::expected::{Expected, Resolved};
use crate::dockerfile::Keyword;
use crate::shell::Language;

/// The shell that runs a command if no `SHELL` sets another one.
const DEFAULT_SHELL: &str = "/bin/sh -c";

/// Returns true if the entry is a spelling of the instruction in some builder.
///
/// `shells` are the shells that the Dockerfile sets with `SHELL`, each with its words separated by single
/// blanks.
pub(super) fn fits(expected: &Expected, entry: &Entry<'_>, shells: &[String]) -> bool {
    if expected.keyword == Keyword::Run {
        return run_fits(expected, entry, shells);
    }
    let Some(named) = entry.named.as_ref().filter(|named| named.keyword == expected.keyword) else {
        return false;
    };
    expected.written.iter().any(|written| **written == *named.solid)
        || resolved_fits(&expected.resolved, named)
}

fn resolved_fits(resolved: &Resolved, named: &Named<'_>) -> bool {
    match (resolved, &named.form) {
        (Resolved::Copied { words, .. }, Form::Words(given)) => words.fits(given),
        (Resolved::Copied { destination, .. }, Form::Destination(given)) => destination.fits(given),
        (Resolved::List(list), Form::Skeleton(given)) => given == list,
        (Resolved::Command(command), Form::Skeleton(given)) => given.ends_with(command),
        (Resolved::Text(template), _) => template.fits(&named.solid),
        (Resolved::Names(names), _) => {
            let given = || {
                named.rest.split_whitespace().map(|word| word.split_once('=').map_or(word, |(name, _)| name))
            };
            names.iter().all(|name| given().any(|given| name.fits(given.as_bytes())))
        }
        (Resolved::Directory(template), _) => {
            let given = named.solid.strip_suffix(b"/").filter(|given| !given.is_empty());
            template.fits(&named.solid) || given.is_some_and(|given| template.fits(given))
        }
        (Resolved::Anything, _) => true,
        _ => false,
    }
}

fn run_fits(expected: &Expected, entry: &Entry<'_>, shells: &[String]) -> bool {
    let runs_commands = |text: &str| {
        let program = text.split_whitespace().next().unwrap_or_default();
        shells.iter().any(|shell| shell == text)
            || (is_shell(text) && Language::of_program(program) == Language::Shell)
    };
    if entry.named.as_ref().is_some_and(|named| named.is_nop) {
        return false;
    }
    let behind = entry.named.as_ref().filter(|named| named.keyword == Keyword::Run);
    if behind.is_some_and(|named| expected.written.iter().any(|written| **written == *named.solid)) {
        return true;
    }
    let (command, solid) = behind.map_or((entry.text, &entry.solid), |named| (named.rest, &named.solid));
    let ran = match &expected.resolved {
        Resolved::Run(commands) => commands.iter().any(|ran| {
            solid.ends_with(ran) && before(command, ran).is_some_and(|lead| is_run_by(lead, runs_commands))
        }),
        Resolved::Exec(ran) => {
            solid.ends_with(ran) && before(command, ran).is_some_and(|lead| is_run_by(lead, str::is_empty))
        }
        _ => false,
    };
    // buildah writes the command as in the file, including flags and the exec form, and with the same shell
    // for all.
    let as_written = || {
        let bare = without_checksums(command);
        expected.written.iter().any(|written| {
            (bare.len() < command.len() || solid.ends_with(written))
                && before(bare, written).is_some_and(|lead| is_run_by(lead, |shell| shell == DEFAULT_SHELL))
        })
    };
    ran || (behind.is_none() && as_written())
}

/// Returns the part of `text` before `end`, which is at the end of `text` and has no white space.
fn before<'a>(text: &'a str, end: &[u8]) -> Option<&'a str> {
    let mut bytes = text.bytes().enumerate().rev().filter(|(_, byte)| !byte.is_ascii_whitespace());
    let mut start = text.len();
    for &wanted in end.iter().rev() {
        let (at, byte) = bytes.next()?;
        if byte != wanted {
            return None;
        }
        start = at;
    }
    text.get(..start)
}

/// Returns true if the text before a command is a shell, optionally preceded by build arguments: `|2 NAME=a
/// value OTHER=b /bin/sh -c`. The values are not quoted, so a value that looks like a shell prevents a
/// match.
fn is_run_by(lead: &str, is_shell: impl Fn(&str) -> bool) -> bool {
    let lead = lead.trim();
    let Some(arguments) = lead.strip_prefix('|') else { return is_shell(lead) };
    let Some((count, arguments)) = arguments.split_once(' ') else { return false };
    if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) || !arguments.contains('=') {
        return false;
    }
    if is_shell("") {
        return !arguments.split(' ').any(|word| word == "-c");
    }
    let starts = arguments.match_indices(' ').map(|(at, _)| at + 1);
    let mut splits = starts.rev().take(MAX_SHELL_WORDS).filter_map(|at| arguments.split_at_checked(at));
    splits.any(|(values, shell)| is_shell(shell) && !values.split(' ').any(|word| word.starts_with('-')))
}

/// The maximum number of words of a shell, including its options.
const MAX_SHELL_WORDS: usize = 12;

/// Removes the digests that buildah appends to a command, one for each mounted source.
fn without_checksums(mut text: &str) -> &str {
    while let Some((command, digest)) = text.rsplit_once(':') {
        let is_digest = digest.len() >= 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest {
            break;
        }
        text = command.strip_suffix(":sha256").unwrap_or(command);
    }
    text
}
