//! The findings of the page: grouped by token, in each group by advice, and there by origin.

use std::collections::HashMap;

use super::MAX_OPEN;
use super::advice::{self, Block};
use super::choices::{Choices, origin};
use super::stacks::Stacks;
use super::way::{self, Step};
use crate::finding::{Confidence, Finding, Origin, Report, Severity, TokenSummary};
use crate::report::escape;
use crate::report::place::{at, within};
use crate::report::text::{Group, Subject, count, fields, groups as grouped};
use crate::rules::{self, Rule};

/// The findings about one subject.
pub(super) struct GroupView {
    pub(super) severity: Severity,
    pub(super) title: String,
    /// The text behind the title: the kind of token.
    pub(super) kind: String,
    pub(super) facts: Vec<String>,
    /// The address at which the token is revoked, unless it has expired or the advice names it.
    pub(super) revoke: Option<&'static str>,
    pub(super) is_open: bool,
    pub(super) parts: Vec<Part>,
}

/// The findings of a group that share advice.
pub(super) struct Part {
    pub(super) advice: Vec<Block>,
    pub(super) runs: Vec<Run>,
}

/// The findings of a part that have one origin.
pub(super) struct Run {
    pub(super) heading: Option<&'static str>,
    pub(super) findings: Vec<FindingView>,
}

/// One finding.
pub(super) struct FindingView {
    pub(super) severity: Severity,
    pub(super) rule: RuleName,
    /// The number of the target, for the filter.
    pub(super) target: usize,
    /// The number of the origin, for the filter.
    pub(super) origin: usize,
    pub(super) place: String,
    pub(super) within: String,
    pub(super) message: String,
    pub(super) steps: Vec<Step>,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// The rule of a finding.
pub(super) struct RuleName {
    pub(super) id: String,
    /// The anchor of its documentation, if it is a rule of the catalogue.
    pub(super) anchor: Option<String>,
    /// Its number, for the filter.
    pub(super) number: usize,
}

impl RuleName {
    pub(super) fn of(finding: &Finding, choices: &mut Choices) -> Self {
        Self {
            id: escape(finding.rule.as_str()).into_owned(),
            anchor: rules::find(finding.rule.as_str()).map(anchor),
            number: choices.rule(finding),
        }
    }
}

/// Returns the anchor of a rule's documentation.
pub(super) fn anchor(rule: &Rule) -> String {
    format!("rule-{}", rule.id.replace('/', "-"))
}

/// Returns the groups, the worst first. The first group is open, and all of them if they are not many.
pub(super) fn groups(report: &Report, choices: &mut Choices) -> Vec<GroupView> {
    let stacks = Stacks::of(report);
    let mut shown = 0;
    let mut views = Vec::new();
    for group in grouped(report.open_findings()) {
        shown += group.findings.len();
        let is_open = views.is_empty() || shown <= MAX_OPEN;
        views.push(view(&group, is_open, &stacks, choices));
    }
    views
}

fn view(group: &Group<'_>, is_open: bool, stacks: &Stacks<'_>, choices: &mut Choices) -> GroupView {
    let (title, kind) = title(group);
    let mut facts = vec![count(group.places(), "place"), targets(group)];
    let parts = parts(group, stacks, choices);
    // The advice says it as well. It is said once if there is one piece of advice.
    let is_told = parts.len() == 1 && parts.iter().all(|part| part.advice.iter().any(Block::has_link));
    let mut revoke = None;
    if let Subject::Token(token) = group.subject {
        facts.extend(token.sha256.map(|sha256| format!("sha256 {:.12}", sha256.to_string())));
        facts.extend(expiry(token));
        revoke = (token.expired != Some(true) && !is_told).then(|| token.kind.revoke_address());
    }
    GroupView {
        severity: group.severity().unwrap_or(Severity::Low),
        title,
        kind,
        facts,
        revoke,
        is_open,
        parts,
    }
}

fn title(group: &Group<'_>) -> (String, String) {
    match group.subject {
        Subject::Token(token) => (token.redacted.to_string(), token.kind.heading().to_owned()),
        Subject::Unknown if group.findings.len() == 1 => ("…".into(), "credential of unknown shape".into()),
        Subject::Unknown => ("…".into(), "credentials of unknown shape".into()),
        Subject::Line { path, line } => (format!("{}:{line}", escape(path.as_str())), String::new()),
        Subject::Other(target) => (escape(target.as_str()).into_owned(), String::new()),
    }
}

fn targets(group: &Group<'_>) -> String {
    let mut targets: Vec<&str> = group.findings.iter().map(|finding| finding.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    match targets.as_slice() {
        [target] => format!("in {}", escape(target)),
        targets => format!("in {} targets", targets.len()),
    }
}

fn expiry(token: &TokenSummary) -> Option<String> {
    let (at, expired) = token.expires_at.zip(token.expired)?;
    Some(format!("{} on {}", if expired { "expired" } else { "expires" }, at.date()))
}

/// Returns the findings by advice. Findings of one token usually share it.
fn parts(group: &Group<'_>, stacks: &Stacks<'_>, choices: &mut Choices) -> Vec<Part> {
    let mut by_help: Vec<(&str, Vec<&Finding>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for finding in &group.findings {
        let help = finding.help.as_str();
        let at = *known.entry(help).or_insert(by_help.len());
        match by_help.get_mut(at) {
            Some((_, findings)) => findings.push(finding),
            None => by_help.push((help, vec![finding])),
        }
    }
    let worst = |findings: &[&Finding]| findings.iter().map(|finding| finding.severity).max();
    by_help.sort_by_key(|(_, findings)| std::cmp::Reverse(worst(findings)));
    by_help
        .into_iter()
        .map(|(help, findings)| Part { advice: advice::blocks(help), runs: runs(&findings, stacks, choices) })
        .collect()
}

/// Returns the findings by origin: first those that whoever built the image can mend.
fn runs(findings: &[&Finding], stacks: &Stacks<'_>, choices: &mut Choices) -> Vec<Run> {
    let mut runs = Vec::new();
    for (known, heading) in [
        (None, None),
        (Some(Origin::Own), Some("Built on the base image")),
        (Some(Origin::Base), Some("In the base image")),
        (Some(Origin::Unknown), Some("In the base image, or built on it")),
    ] {
        let own = findings.iter().filter(|finding| finding.origin == known);
        let findings: Vec<FindingView> =
            own.map(|finding| FindingView::new(finding, stacks, choices)).collect();
        if !findings.is_empty() {
            runs.push(Run { heading, findings });
        }
    }
    runs
}

impl FindingView {
    fn new(finding: &Finding, stacks: &Stacks<'_>, choices: &mut Choices) -> Self {
        let steps = way::steps(finding, stacks);
        let mut fields: Vec<_> =
            fields(finding).into_iter().filter(|(label, value)| !is_told(finding, label, value)).collect();
        if finding.confidence == Confidence::Medium {
            fields.push(("confidence", "medium".to_owned()));
        }
        fields.push(("fingerprint", finding.fingerprint.to_string()));
        Self {
            severity: finding.severity,
            rule: RuleName::of(finding, choices),
            target: choices.target(finding),
            origin: origin(finding.origin).0,
            place: at(&finding.location),
            within: within(finding),
            message: escape(finding.message.as_str()).into_owned(),
            steps,
            fields,
        }
    }
}

/// Returns true if the place or the way of a finding says what a field does.
fn is_told(finding: &Finding, label: &str, value: &str) -> bool {
    match label {
        "at" | "in" | "Dockerfile" | "state" => true,
        "made by" => value.chars().count() <= way::MAX_COMMAND,
        "leaves" => finding.leaves.len() <= way::MAX_LINES,
        _ => false,
    }
}
