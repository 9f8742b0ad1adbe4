//! The report as GitLab's secret detection report, version 15 ("Secret detection report format").

use std::io::{self, Write};

use serde::Serialize;

use super::place::{anchor, at, join, within};
use super::{Options, escape, issue_line};
use crate::finding::{Finding, Report, Severity};
use crate::rules;
use crate::timestamp::Timestamp;

/// The version of the format.
const VERSION: &str = "15.0.7";
/// The commit of a finding that is in no commit, as GitLab's own analyzer writes it.
const NO_COMMIT: &str = "0000000";

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    scan: Scan<'a>,
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Serialize)]
struct Scan<'a> {
    analyzer: Scanner<'a>,
    scanner: Scanner<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    start_time: String,
    end_time: String,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Scanner<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    vendor: Vendor<'a>,
}

#[derive(Serialize)]
struct Vendor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability {
    id: String,
    name: String,
    description: String,
    severity: &'static str,
    solution: String,
    identifiers: Vec<Identifier>,
    location: Place,
}

#[derive(Serialize)]
struct Identifier {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Place {
    file: String,
    start_line: u64,
    end_line: u64,
    commit: Commit,
}

#[derive(Serialize)]
struct Commit {
    sha: &'static str,
}

/// Writes the report.
pub(super) fn render(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let scanner = || Scanner {
        id: &report.tool.name,
        name: &report.tool.name,
        version: &report.tool.version,
        vendor: Vendor { name: &report.tool.name },
    };
    let errors = report.errors.iter().map(|issue| Message { level: "fatal", value: issue_line(issue) });
    let notes = report.notes.iter().map(|issue| Message { level: "info", value: issue_line(issue) });
    let document = Document {
        version: VERSION,
        scan: Scan {
            analyzer: scanner(),
            scanner: scanner(),
            kind: "secret_detection",
            start_time: time(options.started),
            end_time: time(options.ended),
            status: if report.complete { "success" } else { "failure" },
            messages: errors.chain(notes).collect(),
        },
        vulnerabilities: report.open_findings().map(vulnerability).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// Returns a time in UTC as the format wants it, without a zone.
fn time(at: Option<Timestamp>) -> String {
    let at = at.or_else(|| Timestamp::from_unix(0)).map(|at| at.to_string()).unwrap_or_default();
    at.trim_end_matches('Z').to_owned()
}

fn vulnerability(finding: &Finding) -> Vulnerability {
    let anchor = anchor(finding);
    let line = anchor.region.map_or(1, |region| region.line);
    let end_line = anchor.region.and_then(|region| region.end).map_or(line, |(line, _)| line);
    let rule = finding.rule.to_string();
    let summary = rules::find(&rule).map_or(rule.clone(), |rule| rule.summary.to_owned());
    Vulnerability {
        id: uuid(&finding.fingerprint.to_string()),
        name: summary,
        description: format!(
            "{}: {}",
            escape(finding.message.as_str()),
            join(&[at(&finding.location), within(finding)])
        ),
        severity: match finding.severity {
            Severity::Critical => "Critical",
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
        },
        solution: escape(finding.help.as_str()).into_owned(),
        identifiers: vec![Identifier {
            kind: "stowaway_rule",
            name: format!("stowaway rule {rule}"),
            value: rule,
        }],
        location: Place {
            file: escape(&anchor.path).into_owned(),
            start_line: line,
            end_line,
            commit: Commit { sha: NO_COMMIT },
        },
    }
}

/// Returns the identifier of a finding in the form of a UUID of version 8 (RFC 9562): it is the same in each audit.
fn uuid(fingerprint: &str) -> String {
    let hex: String = fingerprint.rsplit(':').next().unwrap_or_default().chars().take(32).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
