//! The text report for people. It shows each token, all of its places, and advice.

mod advice;
mod entry;
mod group;
mod summary;
mod wrap;

use std::io::{self, Write};

use super::{Style, escape, place};
use crate::finding::{Issue, Report, SuppressedBy};
pub(super) use group::{Group, Subject, groups};
pub(super) use summary::render as summary;
pub(super) use wrap::wrap;

/// The preferred maximum width of a report in columns. Content that cannot be wrapped may exceed it.
const WIDTH: usize = 100;

/// Writes the report as text. All foreign text in it is escaped.
pub(super) fn render(
    report: &Report,
    style: Style,
    show_ignored: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for group in groups(report.open_findings()) {
        heading(&group, style, out)?;
        for finding in &group.findings {
            entry::render(finding, style, out)?;
        }
        advice::render(&group.findings, style, out)?;
    }
    if show_ignored {
        ignored(report, style, out)?;
    }
    for error in &report.errors {
        writeln!(out, "{} {}", style.error("not read:"), issue_line(error))?;
    }
    if !style.quiet {
        for note in &report.notes {
            writeln!(out, "{}", style.faint(format_args!("note: {}", issue_line(note))))?;
        }
    }
    summary::repositories(report, style, out)?;
    summary::render(report, style, out)
}

/// Formats one error or note as an escaped line, as in `app.tar: layer 3: the gzip stream is corrupt`.
pub(crate) fn issue_line(issue: &Issue) -> String {
    [&issue.target, &issue.place, &issue.message]
        .into_iter()
        .map(|part| escape(part.as_str()))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

/// Lists the suppressed findings, a line each, with the reasons.
fn ignored(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let Some(suppressed) = &finding.suppressed else { continue };
        let by = match suppressed.by {
            SuppressedBy::Config => "configuration",
            SuppressedBy::Baseline => "baseline",
            SuppressedBy::Inline => "comment",
        };
        let reason = suppressed.reason.as_ref().map(|reason| format!(": {}", escape(reason.as_str())));
        writeln!(
            out,
            "{} {}  {}  ({by}{})",
            style.faint("ignored:"),
            finding.rule,
            place(finding),
            reason.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn heading(group: &Group<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let places = count(group.places(), "place");
    match group.subject {
        Subject::Token(token) => {
            write!(out, "{}  {}", style.strong(&token.redacted), token.kind.heading())?;
            if let Some(sha256) = token.sha256 {
                write!(out, ", sha256 {:.12}", sha256.to_string())?;
            }
            if let (Some(at), Some(expired)) = (token.expires_at, token.expired) {
                write!(out, ", {} on {}", if expired { "expired" } else { "expires" }, at.date())?;
            }
            writeln!(out, ", {places}\n")
        }
        Subject::Unknown => {
            let what = if group.findings.len() == 1 { "credential" } else { "credentials" };
            writeln!(out, "{}  {what} of unknown shape, {places}\n", style.strong("…"))
        }
        Subject::Line { path, line } => {
            let place = format!("{}:{line}", escape(path.as_str()));
            writeln!(out, "{}  {}\n", style.strong(place), count(group.findings.len(), "finding"))
        }
        Subject::Other(target) => {
            writeln!(out, "{}  {places}\n", style.strong(escape(target.as_str())))
        }
    }
}

/// Formats a count, as in `1 layer` or `2 layers`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn text(report: &Report, style: Style) -> String {
        let mut out = Vec::new();
        render(report, style, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_token_in_many_places() {
        insta::assert_snapshot!(text(&samples::image(), Style::default()));
    }

    #[test]
    fn every_kind_of_place() {
        insta::assert_snapshot!(text(&samples::every_location(), Style::default()));
    }

    #[test]
    fn tokens_that_expire() {
        insta::assert_snapshot!(text(&samples::expiring(), Style::default()));
    }

    #[test]
    fn a_dockerfile() {
        insta::assert_snapshot!(text(&samples::dockerfile(), Style::default()));
    }

    #[test]
    fn each_advice_names_its_places() {
        let shown = text(&samples::two_advices(), Style::default());
        let headings: Vec<_> = shown.lines().filter(|line| line.contains("what to do")).collect();
        assert_eq!(
            headings,
            [
                "  what to do about dockerfile/literal-token at Dockerfile:1",
                "  what to do about dockerfile/literal-token at Dockerfile:2, Dockerfile:3, Dockerfile:4 and 2 more",
            ]
        );
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        assert!(shown.contains("    leaves      the history: "), "{shown}");
    }

    #[test]
    fn an_incomplete_audit() {
        insta::assert_snapshot!(text(&samples::incomplete(), Style::default()));
    }

    #[test]
    fn quiet_leaves_errors_and_findings() {
        let quiet = Style { quiet: true, ..Style::default() };
        assert_eq!(text(&samples::clean(), quiet), "");
        let incomplete = text(&samples::incomplete(), quiet);
        assert!(incomplete.contains("not read: ") && !incomplete.contains("note: "));
        assert!(text(&samples::image(), quiet).contains("image/cached-token"));
    }

    #[test]
    fn a_clean_audit_is_one_line() {
        assert_eq!(
            text(&samples::clean(), Style::default()),
            "clean: app.tar: 1 image, 2 layers, nothing found\n"
        );
    }

    #[test]
    fn colour_adds_nothing_but_escape_sequences() {
        for report in [samples::image(), samples::every_location(), samples::incomplete(), samples::clean()] {
            let colored = text(&report, Style { color: true, quiet: false });
            assert!(colored.contains('\x1b'));
            let mut plain = String::new();
            for (number, part) in colored.split("\x1b[").enumerate() {
                plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
            }
            assert_eq!(plain, text(&report, Style::default()));
        }
    }

    #[test]
    fn a_hostile_name_reaches_no_terminal() {
        let shown = text(&samples::hostile(), Style::default());
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
        assert!(shown.lines().all(|line| !line.starts_with("clean")), "{shown}");
        assert!(shown.contains(r"\x1b[2J"));
    }

    #[test]
    fn lines_stay_narrow() {
        for report in [samples::image(), samples::dockerfile(), samples::incomplete()] {
            for line in text(&report, Style::default()).lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
        }
    }
}
