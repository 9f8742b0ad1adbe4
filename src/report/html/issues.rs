//! The other parts of the page: errors, notes, repositories, and the findings that are ignored.

use super::choices::Choices;
use super::findings::RuleName;
use crate::finding::{Issue, Report, Severity, SuppressedBy};
use crate::report::text::{count, short_place};
use crate::report::{escape, place};

/// An error or a note.
pub(super) struct IssueView {
    pub(super) target: String,
    pub(super) place: String,
    pub(super) message: String,
    pub(super) code: String,
}

/// A repository.
pub(super) struct RepositoryView {
    pub(super) name: String,
    pub(super) tags: String,
    pub(super) result: String,
    /// The class: `good` or `bad`.
    pub(super) tone: &'static str,
}

/// A finding that counts for no exit code.
pub(super) struct Ignored {
    pub(super) severity: Severity,
    pub(super) rule: RuleName,
    pub(super) heading: String,
    pub(super) place: String,
    pub(super) message: String,
    pub(super) by: &'static str,
    pub(super) reason: String,
    pub(super) fingerprint: String,
}

pub(super) fn views(issues: &[Issue]) -> Vec<IssueView> {
    let view = |issue: &Issue| IssueView {
        target: escape(issue.target.as_str()).into_owned(),
        place: escape(issue.place.as_str()).into_owned(),
        message: escape(issue.message.as_str()).into_owned(),
        code: issue.code.to_string(),
    };
    issues.iter().map(view).collect()
}

pub(super) fn repositories(report: &Report) -> Vec<RepositoryView> {
    let view = |summary: &crate::finding::RepositorySummary| {
        let mut result = match summary.findings {
            0 => "nothing found".to_owned(),
            found => format!("{}, {}", count(found, "finding"), count(summary.tokens, "token")),
        };
        if !summary.complete {
            result.push_str(", incomplete");
        }
        let is_good = summary.findings == 0 && summary.complete;
        RepositoryView {
            name: escape(summary.repository.as_str()).into_owned(),
            tags: count(summary.targets, "tag"),
            result,
            tone: if is_good { "good" } else { "bad" },
        }
    };
    report.repositories.iter().map(view).collect()
}

/// Returns the suppressed findings with the reasons.
pub(super) fn ignored(report: &Report, choices: &mut Choices) -> Vec<Ignored> {
    let mut ignored = Vec::new();
    for finding in &report.findings {
        let Some(suppressed) = &finding.suppressed else { continue };
        ignored.push(Ignored {
            severity: finding.severity,
            rule: RuleName::of(finding, choices),
            heading: short_place(finding),
            place: place(finding),
            message: escape(finding.message.as_str()).into_owned(),
            by: match suppressed.by {
                SuppressedBy::Config => "an ignore of the configuration",
                SuppressedBy::Baseline => "the baseline",
                SuppressedBy::Inline => "a comment in the Dockerfile",
            },
            reason: match &suppressed.reason {
                Some(reason) => escape(reason.as_str()).into_owned(),
                None => "none given".to_owned(),
            },
            fingerprint: finding.fingerprint.to_string(),
        });
    }
    ignored
}
