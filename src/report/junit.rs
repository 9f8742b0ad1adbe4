//! The report as `JUnit` XML: a test suite for each target, and a test case for each rule.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::place::{at, join, within};
use super::{Options, escape, issue_line};
use crate::finding::{Finding, Report, Target, TargetKind};
use crate::rules::{self, Rule};

/// The name of the test case for the audit itself.
const AUDIT: &str = "everything was read";

/// Writes the report. Findings below the threshold are in the output of a case that passes.
pub(super) fn render(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = Suites::new("stowaway");
    for target in &report.targets {
        suites.add_test_suite(suite(report, target, options));
    }
    suites.serialize(&mut *out).map_err(io::Error::other)?;
    Ok(())
}

fn suite(report: &Report, target: &Target, options: Options<'_>) -> TestSuite {
    let name = escape(target.target.as_str()).into_owned();
    let mut suite = TestSuite::new(name.clone());
    for rule in rules::all() {
        let found: Vec<&Finding> = report
            .open_findings()
            .filter(|finding| finding.target == target.target && finding.rule.as_str() == rule.id)
            .collect();
        if !found.is_empty() || applies(rule, target.kind) {
            suite.add_test_case(case(&name, rule, &found, target.kind, options));
        }
    }
    let errors: Vec<String> =
        report.errors.iter().filter(|issue| issue.target == target.target).map(issue_line).collect();
    let status = match errors.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(first.clone()).set_type("not read").set_description(errors.join("\n"));
            status
        }
    };
    let mut audit = TestCase::new(AUDIT, status);
    audit.set_classname(name);
    suite.add_test_case(audit);
    suite
}

/// Returns true if a rule can fire for a kind of target.
fn applies(rule: &Rule, kind: Option<TargetKind>) -> bool {
    let is_of = |family: &str| rule.id.starts_with(family);
    match kind {
        Some(TargetKind::Image) => is_of("image/"),
        Some(TargetKind::Dockerfile) => is_of("dockerfile/"),
        Some(TargetKind::Context) => is_of("dockerfile/") || is_of("context/"),
        Some(TargetKind::File) => is_of("context/"),
        None => false,
    }
}

fn case(
    target: &str,
    rule: &Rule,
    found: &[&Finding],
    kind: Option<TargetKind>,
    options: Options<'_>,
) -> TestCase {
    let (failing, other): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|finding| options.fails(finding, kind));
    let text = |findings: &[&Finding]| {
        let blocks: Vec<String> = findings
            .iter()
            .map(|finding| {
                let place = join(&[at(&finding.location), within(finding)]);
                let (message, help) = (escape(finding.message.as_str()), escape(finding.help.as_str()));
                format!("{}: {message}\n  at {place}\n  {help}", finding.severity)
            })
            .collect();
        blocks.join("\n\n")
    };
    let status = match failing.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let more =
                if failing.len() > 1 { format!(", and {} more", failing.len() - 1) } else { String::new() };
            status
                .set_message(format!("{}{more}", escape(first.message.as_str())))
                .set_type(first.severity.to_string())
                .set_description(text(&failing));
            status
        }
    };
    let mut case = TestCase::new(rule.id, status);
    case.set_classname(target);
    if !other.is_empty() {
        case.set_system_out(text(&other));
    }
    case
}
