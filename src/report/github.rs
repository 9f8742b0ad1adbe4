//! The report as workflow commands of GitHub Actions ("Workflow commands for GitHub Actions"): annotations of the worst
//! findings, and a group for each target with all of them.

use std::io::{self, Write};

use super::place::{anchor, at, join, standing, within};
use super::{Options, escape, issue_line};
use crate::finding::{Finding, Location, Masked, Report, Severity, State};

/// The number of annotations of each kind that GitHub shows of one step.
const MAX_SHOWN: usize = 10;

/// The kinds of annotations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Notice,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Writes the annotations, the groups and a summary.
pub(super) fn render(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut findings: Vec<&Finding> = report.open_findings().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    // A part that was not read is an error as well. It has room of its own.
    let unread: Vec<String> = report.errors.iter().map(issue_line).collect();
    for line in unread.iter().take(MAX_SHOWN / 2) {
        writeln!(out, "::error title=stowaway: not read::{}", data(line))?;
    }
    let errors = unread.len().min(MAX_SHOWN / 2);
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        let room = if kind == Kind::Error { MAX_SHOWN - errors } else { MAX_SHOWN };
        for finding in findings.iter().filter(|finding| Kind::of(finding.severity) == kind).take(room) {
            annotation(kind, finding, out)?;
        }
    }
    let targets: Vec<&Masked> = report.targets.iter().map(|target| &target.target).collect();
    for target in targets {
        let own: Vec<&Finding> = report.open_findings().filter(|finding| finding.target == *target).collect();
        let own_unread = report.errors.iter().filter(|issue| issue.target == *target).map(issue_line);
        let lines: Vec<String> = own.iter().map(|finding| line(finding)).chain(own_unread).collect();
        if lines.is_empty() {
            continue;
        }
        writeln!(out, "::group::{}", data(&format!("stowaway: {}", escape(target.as_str()))))?;
        for line in lines {
            writeln!(out, "- {}", plain(&line))?;
        }
        writeln!(out, "::endgroup::")?;
    }
    let mut summary = Vec::new();
    super::text::summary(report, options.style, &mut summary)?;
    // The summary names targets.
    let summary = String::from_utf8_lossy(&summary).into_owned();
    for line in summary.lines() {
        writeln!(out, "stowaway: {}", plain(line))?;
    }
    Ok(())
}

fn annotation(kind: Kind, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let anchor = anchor(finding);
    let mut properties = vec![("title", format!("{} {}", finding.severity, finding.rule))];
    if let Some(region) = anchor.region {
        properties.push(("file", anchor.path));
        properties.push(("line", region.line.to_string()));
        properties.extend(region.column.map(|column| ("col", column.to_string())));
        if let Some((line, column)) = region.end {
            properties.push(("endLine", line.to_string()));
            properties.push(("endColumn", column.to_string()));
        }
    }
    let properties: Vec<String> =
        properties.into_iter().map(|(name, value)| format!("{name}={}", property(&value))).collect();
    let text = format!("{}\n{}", line(finding), escape(finding.help.as_str()));
    writeln!(out, "::{} {}::{}", kind.name(), properties.join(","), data(&text))
}

/// Returns a finding in one line.
fn line(finding: &Finding) -> String {
    let state = match &finding.location {
        Location::Layer { state, hidden_by, .. } if *state != State::Present => standing(*state, *hidden_by),
        _ => String::new(),
    };
    let place = join(&[at(&finding.location), within(finding), state]);
    format!("{} {}: {} ({place})", finding.severity, finding.rule, escape(finding.message.as_str()))
}

/// Escapes the data of a command.
fn data(text: &str) -> String {
    plain(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Keeps a line that is no command from being one. Old runners take `##[command]` anywhere in a line.
fn plain(line: &str) -> String {
    line.replace("##[", "##\\[")
}
