//! The text report for people. It shows each token, all of its places, and advice.

mod advice;
mod brief;
mod columns;
mod entry;
mod group;
mod stack;
mod summary;
mod wrap;

use std::io::{self, Write};

use super::{Style, escape, place};
use crate::finding::{Issue, Report, SuppressedBy};
pub(super) use entry::{fields, place as short_place};
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
    let groups = groups(report.open_findings());
    if style.verbose {
        for group in groups {
            heading(&group, style, out)?;
            for finding in &group.findings {
                entry::render(finding, style, out)?;
            }
            advice::render(&group.findings, style, out)?;
        }
    } else {
        brief::render(report, &groups, style, out)?;
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
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{LayerIndex, LayerSummary};
    use crate::report::samples;

    /// Everything about each finding.
    const FULL: Style = Style { verbose: true, ..BRIEF };
    const BRIEF: Style = Style { color: false, quiet: false, verbose: false, columns: None };

    fn text(report: &Report, style: Style) -> String {
        let mut out = Vec::new();
        render(report, style, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_token_in_many_places() {
        insta::assert_snapshot!(text(&samples::image(), FULL));
    }

    #[test]
    fn every_kind_of_place() {
        insta::assert_snapshot!(text(&samples::every_location(), FULL));
    }

    #[test]
    fn tokens_that_expire() {
        insta::assert_snapshot!(text(&samples::expiring(), FULL));
    }

    #[test]
    fn a_dockerfile() {
        insta::assert_snapshot!(text(&samples::dockerfile(), FULL));
    }

    #[test]
    fn each_advice_names_its_places() {
        let shown = text(&samples::two_advices(), FULL);
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
        insta::assert_snapshot!(text(&samples::incomplete(), FULL));
    }

    #[test]
    fn quiet_leaves_errors_and_findings() {
        let quiet = Style { quiet: true, ..FULL };
        assert_eq!(text(&samples::clean(), quiet), "");
        let incomplete = text(&samples::incomplete(), quiet);
        assert!(incomplete.contains("not read: ") && !incomplete.contains("note: "));
        assert!(text(&samples::image(), quiet).contains("image/cached-token"));
    }

    #[test]
    fn a_clean_audit_is_one_line() {
        assert_eq!(text(&samples::clean(), FULL), "clean: app.tar: 1 image, 2 layers, nothing found\n");
    }

    #[test]
    fn colour_adds_nothing_but_escape_sequences() {
        let reports = [samples::image(), samples::every_location(), samples::incomplete(), samples::clean()];
        for (report, style) in reports.iter().flat_map(|report| [(report, FULL), (report, BRIEF)]) {
            let colored = text(report, Style { color: true, ..style });
            assert!(colored.contains('\x1b'));
            let mut plain = String::new();
            for (number, part) in colored.split("\x1b[").enumerate() {
                plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
            }
            assert_eq!(plain, text(report, style));
        }
    }

    #[test]
    fn a_hostile_name_reaches_no_terminal() {
        let shown = text(&samples::hostile(), FULL) + &text(&samples::hostile(), BRIEF);
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
        assert!(shown.lines().all(|line| !line.starts_with("clean")), "{shown}");
        assert!(shown.contains(r"\x1b[2J"));
    }

    #[test]
    fn lines_stay_narrow() {
        for report in [samples::image(), samples::dockerfile(), samples::incomplete()] {
            for (style, width) in [(FULL, WIDTH), (BRIEF, WIDTH), (Style { columns: Some(60), ..BRIEF }, 60)]
            {
                let shown = text(&report, style);
                // The summary, errors and notes are not cut.
                let is_cut = |line: &&str| {
                    !line.starts_with(|c: char| c.is_ascii_digit())
                        && !line.starts_with("note: ")
                        && !line.starts_with("not read: ")
                        && !line.starts_with("incomplete: ")
                };
                for line in shown.lines().filter(is_cut) {
                    assert!(columns::width_of(line) <= width, "{line}");
                }
            }
        }
    }

    #[test]
    fn in_short() {
        let narrow = Style { columns: Some(60), ..BRIEF };
        for (name, report) in [
            ("image", samples::image()),
            ("every_location", samples::every_location()),
            ("expiring", samples::expiring()),
            ("dockerfile", samples::dockerfile()),
        ] {
            insta::assert_snapshot!(format!("short_{name}"), text(&report, BRIEF));
            insta::assert_snapshot!(format!("short_{name}_narrow"), text(&report, narrow));
        }
    }

    #[test]
    fn many_places_and_layers_are_cut() {
        let mut report = samples::image();
        let target = report.targets.first_mut().and_then(|target| target.images.first_mut()).unwrap();
        let layer = target.layers.first().unwrap().clone();
        target.layers = (0..200).map(|n| LayerSummary { index: LayerIndex(n), ..layer.clone() }).collect();
        let one = report.findings.last().unwrap().clone();
        report.findings.extend(std::iter::repeat_n(one, 500));
        let shown = text(&report, BRIEF);
        assert!(shown.lines().count() < 50, "{shown}");
        assert!(shown.contains("more: --verbose") && shown.contains("⋮ "), "{shown}");
    }
}
