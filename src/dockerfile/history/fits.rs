//! Whether a history entry may be what an instruction left.

use super::entry::{Entry, Form, Named, is_shell};
use super::expected::{Expected, Resolved};
use crate::dockerfile::Keyword;
use crate::shell::Language;

/// The shell that runs a command where no `SHELL` says otherwise.
const DEFAULT_SHELL: &str = "/bin/sh -c";

/// Whether the entry is spelled as some builder spells the instruction.
///
/// `shells` are those that the Dockerfile names with `SHELL`, their words with single blanks between.
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
    // buildah writes the command as it is in the file, flags and exec form too, and one shell for all.
    let as_written = || {
        let bare = without_checksums(command);
        expected.written.iter().any(|written| {
            (bare.len() < command.len() || solid.ends_with(written))
                && before(bare, written).is_some_and(|lead| is_run_by(lead, |shell| shell == DEFAULT_SHELL))
        })
    };
    ran || (behind.is_none() && as_written())
}

/// What stands in front of `end`, which has no white space, at the end of `text`.
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

/// Whether what stands in front of a command is a shell, with build arguments in front of it where there are any:
/// `|2 NAME=a value OTHER=b /bin/sh -c`. Values are not quoted; one that looks like a shell makes it no match.
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

/// So many words a shell has at most, its options counted.
const MAX_SHELL_WORDS: usize = 12;

/// Without the digests that buildah writes behind a command for each thing that is mounted into it.
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
