//! The report in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), within the limits of GitHub's code
//! scanning.

use std::collections::BTreeMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use serde_sarif::sarif;

use super::escape;
use super::place::{Anchor, anchor, anchor_of, at, standing, within};
use crate::finding::{Finding, Issue, Location, Report, Severity, State, SuppressedBy, Suppression};
use crate::rules::{self, Rule};

/// The number of results that GitHub keeps of one run.
const MAX_RESULTS: usize = 5000;
/// The characters of a path in a URI (RFC 3986, "pchar" and "/").
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'@');

/// Writes the report as one run.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rules = rules::all();
    // The worst results are kept. Among equals, the first are.
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    let left_out = findings.len().saturating_sub(MAX_RESULTS);
    if left_out > 0 {
        findings.sort_by_key(|finding| (finding.suppressed.is_some(), std::cmp::Reverse(finding.severity)));
        findings.truncate(MAX_RESULTS);
    }
    let mut notifications: Vec<sarif::Notification> = report
        .errors
        .iter()
        .map(|issue| notification(issue, "error"))
        .chain(report.notes.iter().map(|issue| notification(issue, "note")))
        .collect();
    if left_out > 0 {
        let text = format!(
            "{left_out} of {} findings were left out, because GitHub takes no more than {MAX_RESULTS}; the worst are listed",
            report.findings.len()
        );
        let notification = sarif::Notification::builder().level(json!("warning")).message(message(&text));
        notifications.push(notification.build());
    }
    let driver = sarif::ToolComponent::builder()
        .name(report.tool.name.as_ref())
        .version(report.tool.version.as_ref())
        .semantic_version(report.tool.version.as_ref())
        .rules(rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>());
    let invocation = sarif::Invocation::builder()
        .execution_successful(report.complete)
        .tool_execution_notifications(notifications);
    let run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver.build()).build())
        .results(findings.into_iter().map(|finding| result(finding, &rules)).collect::<Vec<_>>())
        .invocations(vec![invocation.build()])
        .column_kind(json!("unicodeCodePoints"));
    let sarif = sarif::Sarif::builder()
        .version(json!("2.1.0"))
        .schema("https://json.schemastore.org/sarif-2.1.0.json")
        .runs(vec![run.build()])
        .build();
    serde_json::to_writer_pretty(&mut *out, &sarif)?;
    out.write_all(b"\n")
}

/// Returns a rule with its help.
fn descriptor(rule: &Rule) -> sarif::ReportingDescriptor {
    let fix = rule.fix.in_general();
    let text = |text: &str| sarif::MultiformatMessageString::builder().text(text).build();
    let markdown = format!(
        "{}\n\nInstead of\n\n```\n{}\n```\n\nwrite\n\n```\n{}\n```\n\n{fix}\n",
        rule.why, rule.bad, rule.good
    );
    let number = match rule.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    };
    let properties = BTreeMap::from([
        ("security-severity".to_owned(), json!(number)),
        ("precision".to_owned(), json!("very-high")),
    ]);
    let help =
        sarif::MultiformatMessageString::builder().text(format!("{} {fix}", rule.why)).markdown(markdown);
    let configuration =
        sarif::ReportingConfiguration { level: Some(json!(level(rule.severity))), ..Default::default() };
    let properties = sarif::PropertyBag {
        tags: Some(vec!["security".to_owned(), "secret".to_owned()]),
        additional_properties: properties,
    };
    sarif::ReportingDescriptor::builder()
        .id(rule.id)
        .name(rule.id)
        .short_description(text(rule.summary))
        .full_description(text(rule.why))
        .help(help.build())
        .default_configuration(configuration)
        .properties(properties)
        .build()
}

fn level(severity: Severity) -> sarif::ResultLevel {
    match severity {
        Severity::Critical | Severity::High => sarif::ResultLevel::Error,
        Severity::Medium => sarif::ResultLevel::Warning,
        Severity::Low => sarif::ResultLevel::Note,
    }
}

fn result(finding: &Finding, rules: &[&Rule]) -> sarif::Result {
    let within = Some(within(finding)).filter(|within| !within.is_empty());
    let within = within.map(|within| format!(" ({within})")).unwrap_or_default();
    let mut text = format!("{}{within}.", escape(finding.message.as_str()));
    if let Location::Layer { state, hidden_by, .. } = &finding.location
        && *state != State::Present
    {
        text.extend([" The file is ", &standing(*state, *hidden_by), "."]);
    }
    text.push(' ');
    text.push_str(&escape(finding.help.as_str()));
    let fingerprint = finding.fingerprint.to_string();
    let hash = fingerprint.rsplit(':').next().unwrap_or_default();
    let fingerprints = BTreeMap::from([
        ("primaryLocationLineHash".to_owned(), format!("{hash}:1")),
        ("stowaway/v1".to_owned(), fingerprint.clone()),
    ]);
    let mut properties = BTreeMap::from([
        ("severity".to_owned(), json!(finding.severity)),
        ("confidence".to_owned(), json!(finding.confidence)),
        ("target".to_owned(), json!(finding.target)),
        ("location".to_owned(), json!(finding.location)),
    ]);
    if let Some(origin) = finding.origin {
        properties.insert("origin".to_owned(), json!(origin));
    }
    if let Some(token) = &finding.token {
        properties.insert("token".to_owned(), json!(token));
    }
    let index = rules.iter().position(|rule| rule.id == finding.rule.as_str());
    let index = index.and_then(|index| i64::try_from(index).ok());
    let mut result = sarif::Result::builder()
        .rule_id(finding.rule.as_str())
        .level(level(finding.severity))
        .message(message(&text))
        .locations(vec![location(&anchor(finding), None)])
        .related_locations(related(finding))
        .partial_fingerprints(fingerprints)
        .suppressions(finding.suppressed.iter().map(suppression).collect::<Vec<_>>())
        .properties(sarif::PropertyBag { tags: None, additional_properties: properties })
        .build();
    result.rule_index = index;
    result
}

fn suppression(suppression: &Suppression) -> sarif::Suppression {
    let kind = match suppression.by {
        SuppressedBy::Inline => "inSource",
        SuppressedBy::Config | SuppressedBy::Baseline => "external",
    };
    let mut sarif = sarif::Suppression::builder().kind(json!(kind)).build();
    sarif.justification = suppression.reason.as_ref().map(|reason| escape(reason.as_str()).into_owned());
    sarif
}

/// Returns the locations that explain a finding: the way of a file through the layers, its other references, and what the
/// finding itself names.
fn related(finding: &Finding) -> Vec<sarif::Location> {
    let mut related = Vec::new();
    let own = Anchor { region: None, ..anchor(finding) };
    if let Location::Layer { layer, created_by, state, hidden_by, .. } = &finding.location {
        let made = created_by.as_ref().map(|command| format!(", made by {}", escape(command.as_str())));
        let made = made.unwrap_or_default();
        related.push((own.clone(), format!("{} in layer {layer}{made}", at(&finding.location))));
        if let Some(hidden_by) = hidden_by {
            let does = if *state == State::Overwritten { "overwrites" } else { "deletes" };
            related.push((own.clone(), format!("layer {hidden_by} {does} it; layer {layer} still holds it")));
        }
    }
    for also in &finding.also {
        let image = super::place::image_name(also.image.as_ref(), also.platform.as_ref());
        let layer = also.layer.map(|layer| format!("layer {layer}")).unwrap_or_default();
        let path = also.path.as_ref().map(|path| escape(path.as_str()).into_owned()).unwrap_or_default();
        related.push((own.clone(), format!("the same in {}", super::place::join(&[image, layer, path]))));
    }
    for location in &finding.related {
        related.push((anchor_of(location, finding.target.as_str()), at(location)));
    }
    let numbered = related.into_iter().zip(1_i64..);
    numbered.map(|((anchor, text), id)| location(&anchor, Some((id, &text)))).collect()
}

fn location(anchor: &Anchor, related: Option<(i64, &str)>) -> sarif::Location {
    let number = |number: u64| i64::try_from(number).ok();
    let region = match anchor.region {
        Some(region) => sarif::Region {
            start_line: number(region.line),
            start_column: region.column.and_then(number),
            end_line: region.end.and_then(|(line, _)| number(line)),
            end_column: region.end.and_then(|(_, column)| number(column)),
            ..Default::default()
        },
        // GitHub shows no result without a line.
        None => sarif::Region { start_line: Some(1), ..Default::default() },
    };
    sarif::Location {
        id: related.map(|(id, _)| id),
        message: related.map(|(_, text)| message(text)),
        physical_location: Some(sarif::PhysicalLocation {
            artifact_location: Some(sarif::ArtifactLocation {
                uri: Some(uri(&anchor.path)),
                ..Default::default()
            }),
            region: Some(region),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Returns the URI of a path. It is relative, unless the path is absolute.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

/// Returns a message of plain text. Text such as `[a](b)` would be a link (section 3.11.6).
fn message(text: &str) -> sarif::Message {
    let text = if text.contains("](") {
        text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
    } else {
        text.to_owned()
    };
    sarif::Message { text: Some(text), ..Default::default() }
}

/// Returns the notification for a part that was not read, or for an oddity.
fn notification(issue: &Issue, level: &str) -> sarif::Notification {
    let descriptor = sarif::ReportingDescriptorReference {
        id: json!(issue.code).as_str().map(str::to_owned),
        ..Default::default()
    };
    sarif::Notification::builder()
        .descriptor(descriptor)
        .level(json!(level))
        .message(message(&super::issue_line(issue)))
        .build()
}
