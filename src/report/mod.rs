//! The output formats, one file each. They are pure functions of the report and of the rule catalogue.

mod escape;
mod github;
mod gitlab;
mod html;
mod json;
mod junit;
mod markdown;
pub(crate) mod mended;
#[cfg(test)]
mod pages;
mod place;
pub(crate) mod rules;
#[cfg(test)]
mod samples;
mod sarif;
mod size;
mod style;
mod text;

use std::io::{self, Write};

use crate::finding::{Finding, Report, TargetKind};
use crate::policy::Policy;
use crate::timestamp::Timestamp;

pub(crate) use escape::escape;
pub(crate) use place::place;
pub(crate) use style::Style;
pub(crate) use text::issue_line;

/// The formats in which a report can be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people: grouped by token, escaped for a terminal.
    #[default]
    Text,
    /// For machines: one JSON object, as docs/report.schema.json describes it.
    Json,
    /// SARIF 2.1.0, for GitHub's code scanning and editors.
    Sarif,
    /// `JUnit` XML: a test case for each target and rule.
    Junit,
    /// GitLab's secret detection report.
    Gitlab,
    /// Workflow commands of GitHub Actions, which annotate files.
    Github,
    /// Markdown, for a comment or a job summary.
    Markdown,
    /// One HTML page that needs nothing else, to be read in a browser or printed.
    Html,
}

impl Report {
    /// Writes the report. Text has no colours.
    ///
    /// # Errors Returns the errors of `out`.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        render(format, self, Options::default(), out)
    }
}

/// The parameters of a report, other than the result.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options<'a> {
    /// The style of text.
    pub(crate) style: Style,
    /// Whether text lists suppressed findings.
    pub(crate) show_ignored: bool,
    /// The policy, which decides what fails.
    pub(crate) policy: Option<&'a Policy>,
    /// The time at which the audit began.
    pub(crate) started: Option<Timestamp>,
    /// The time at which it ended.
    pub(crate) ended: Option<Timestamp>,
}

impl Options<'_> {
    /// Returns true if a finding makes the audit fail.
    fn fails(self, finding: &Finding, kind: Option<TargetKind>) -> bool {
        self.policy
            .map_or_else(|| Policy::default().fails(finding, kind), |policy| policy.fails(finding, kind))
    }
}

/// Writes `report` in `format`.
pub(crate) fn render(
    format: Format,
    report: &Report,
    options: Options<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::render(report, options.style, options.show_ignored, out),
        Format::Json => json::render(report, out),
        Format::Sarif => sarif::render(report, out),
        Format::Junit => junit::render(report, options, out),
        Format::Gitlab => gitlab::render(report, options, out),
        Format::Github => github::render(report, options, out),
        Format::Markdown => markdown::render(report, out),
        Format::Html => html::render(report, options, out),
    }
}
