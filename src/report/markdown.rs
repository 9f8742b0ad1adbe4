//! The report in Markdown, for a comment on a pull request or a job's summary (GitHub Flavored Markdown).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::place::{at, standing, within};
use super::text::{Group, Subject, groups};
use super::{Style, escape, issue_line};
use crate::finding::{Finding, Location, Report, State};

/// The length at which the report stops. GitHub takes 65,536 characters in a comment.
const MAX_LEN: usize = 60_000;
/// The number of places that are listed of one token.
const MAX_PLACES: usize = 25;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    let mut summary = Vec::new();
    super::text::summary(report, Style::default(), &mut summary)?;
    let summary = String::from_utf8_lossy(&summary).trim().to_owned();
    let _ = writeln!(text, "## stowaway\n\n{}\n", prose(&summary));
    for issue in report.errors.iter().take(MAX_PLACES) {
        let _ = writeln!(text, "> **Not read:** {}\n", prose(&issue_line(issue)));
    }
    more(report.errors.len(), "part that was not read", "parts that were not read", &mut text);
    let groups = groups(report.open_findings());
    let mut left = report.summary.findings;
    for group in &groups {
        let mut own = String::new();
        section(group, &mut own);
        if text.len() + own.len() > MAX_LEN {
            break;
        }
        text.push_str(&own);
        left = left.saturating_sub(group.findings.len());
    }
    if left > 0 {
        let _ = writeln!(text, "_{left} more findings are left out, because the text would be too long._\n");
    }
    out.write_all(text.trim_end().as_bytes())?;
    out.write_all(b"\n")
}

/// Writes how many items of a list were left out.
fn more(count: usize, one: &str, many: &str, text: &mut String) {
    let left = count.saturating_sub(MAX_PLACES);
    if left > 0 {
        let _ = writeln!(text, "_… and {left} more {}._\n", if left == 1 { one } else { many });
    }
}

/// Writes the findings about one subject.
fn section(group: &Group<'_>, text: &mut String) {
    let heading = match group.subject {
        Subject::Token(token) => format!("{} {}", code(&token.redacted.to_string()), token.kind.heading()),
        Subject::Unknown => "Credential of unknown shape".to_owned(),
        Subject::Line { path, line } => code(&format!("{}:{line}", escape(path.as_str()))),
        Subject::Other(target) => code(&escape(target.as_str())),
    };
    let worst = group.findings.iter().map(|finding| finding.severity).max();
    let worst = worst.map(|severity| format!(" — {severity}")).unwrap_or_default();
    let _ = writeln!(text, "### {heading}{worst}\n");
    let _ = writeln!(text, "| severity | rule | place | in |\n| --- | --- | --- | --- |");
    for finding in group.findings.iter().take(MAX_PLACES) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            finding.severity,
            cell(&code(finding.rule.as_str())),
            cell(&place(finding)),
            cell(&code(&within(finding)))
        );
    }
    text.push('\n');
    more(group.findings.len(), "place", "places", text);
    let mut told = BTreeSet::new();
    for finding in &group.findings {
        if told.insert(finding.help.as_str()) {
            let _ = writeln!(text, "{}\n", prose(&escape(finding.help.as_str())));
        }
    }
}

fn place(finding: &Finding) -> String {
    let place = code(&at(&finding.location));
    match &finding.location {
        Location::Layer { state, hidden_by, .. } if *state != State::Present => {
            format!("{place}, {}", standing(*state, *hidden_by))
        }
        Location::Dockerfile { .. } => format!("{place}: {}", prose(&escape(finding.message.as_str()))),
        _ => place,
    }
}

/// Returns text as a code span, whatever backticks it holds.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if text.trim().is_empty() {
        return String::new();
    }
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns text in which nothing but pairs of backticks is markup.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let parts = parts
        .iter()
        .enumerate()
        .map(|(number, part)| if number % 2 == 1 && is_paired { code(part) } else { plain(part) });
    parts.collect::<Vec<_>>().join(if is_paired { "" } else { "\\`" })
}

/// Returns text without markup. References to people and issues would notify and link them.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '~' | '!' | '$' | '&' => {
                plain.extend(['\\', c]);
            }
            // A comment ends the word without being seen.
            '@' | '#' => {
                plain.push(c);
                plain.push_str("<!-- -->");
            }
            c => plain.push(c),
        }
    }
    plain
}

/// Returns text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace("\\|", "|").replace('|', "\\|")
}
