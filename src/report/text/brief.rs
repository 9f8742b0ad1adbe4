//! The short form of the text report: each token, a line for each of its places, and the next steps.

use std::io::{self, Write};

use super::columns::{cut_middle, padded, width_of};
use super::group::{Group, Subject};
use super::{count, stack, wrap};
use crate::finding::{Document, Finding, Location, Masked, Report, State, TargetKind};
use crate::report::place::{at, image_name, join};
use crate::report::{Style, escape};

/// The maximum number of places of one token that are listed.
const MAX_PLACES: usize = 15;
/// The column of what follows the severity.
const SUBJECT: usize = 10;

/// A place of a token in one line.
struct Row {
    /// The image or target, if the line does not name it.
    holder: String,
    /// The kind of place: `layer 1`, `config`.
    kind: String,
    name: String,
    /// The state of the file, and the steps into it.
    remark: String,
    /// The line of the Dockerfile that made it.
    line: String,
    /// The number of findings: entries of a history share a line.
    number: usize,
}

/// Writes all groups, the layers of the images with tokens, and the next steps.
pub(super) fn render(
    report: &Report,
    groups: &[Group<'_>],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (number, group) in groups.iter().enumerate() {
        match group.subject {
            Subject::Token(_) | Subject::Unknown => token(group, style, out)?,
            Subject::Line { .. } | Subject::Other(_) => {
                for finding in &group.findings {
                    behaviour(finding, style, out)?;
                }
                // Lines without a token follow each other.
                if groups.get(number + 1).is_none() {
                    writeln!(out)?;
                }
            }
        }
    }
    stack::render(report, style, out)?;
    next(report, groups, style, out)
}

/// Writes a token and its places.
fn token(group: &Group<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let severity = group.severity().map(|severity| (severity, severity.to_string().to_uppercase()));
    let Some((severity, label)) = severity else { return Ok(()) };
    let label = style.severity(severity, label);
    write!(out, "{label:<SUBJECT$}")?;
    let places = format!("in {}", count(group.places(), "place"));
    let (name, mut rest) = match group.subject {
        Subject::Token(token) => (token.redacted.to_string(), format!("{}, {places}", token.kind.heading())),
        _ => ("…".to_owned(), format!("credential of unknown shape, {places}")),
    };
    if let Subject::Token(token) = group.subject
        && let (Some(at), Some(expired)) = (token.expires_at, token.expired)
    {
        rest.push_str(if expired { ", expired on " } else { ", expires on " });
        rest.push_str(&at.date());
    }
    write!(out, "{}  {rest}", style.strong(&name))?;
    if let Subject::Token(token) = group.subject {
        let advice = format!("revoke it: {}", token.kind.revoke_address());
        let used = SUBJECT + width_of(&name) + 2 + width_of(&rest);
        if used + 3 + advice.len() <= style.width() {
            write!(out, "   {advice}")?;
        } else {
            write!(out, "\n{:SUBJECT$}{advice}", "")?;
        }
    }
    writeln!(out)?;
    let rows = rows(&group.findings);
    let shown = rows.get(..MAX_PLACES).unwrap_or(&rows);
    table(shown, style, out)?;
    let more: usize = rows.iter().skip(MAX_PLACES).map(|row| row.number).sum();
    if more > 0 {
        writeln!(out, "  and {} more: --verbose", count(more, "place"))?;
    }
    writeln!(out)
}

/// Writes a finding without token text.
fn behaviour(finding: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let label = style.severity(finding.severity, finding.severity.to_string().to_uppercase());
    let text = format!("{}  {}", super::entry::place(finding), escape(finding.message.as_str()));
    let mut lines = wrap(&text, style.width() - SUBJECT).into_iter();
    writeln!(out, "{label:<SUBJECT$}{}", lines.next().unwrap_or_default())?;
    for line in lines {
        writeln!(out, "{:SUBJECT$}{line}", "")?;
    }
    Ok(())
}

/// Returns the lines of a token's places. Entries of one history share a line.
fn rows(findings: &[&Finding]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for finding in findings {
        let row = row(finding);
        match rows.last_mut() {
            Some(last) if row.kind == "history" && last.kind == "history" && last.holder == row.holder => {
                last.number += 1;
                last.name = format!("{} entries", last.number);
                if last.line != row.line {
                    last.line.clear();
                }
            }
            _ => rows.push(row),
        }
    }
    rows
}

fn row(finding: &Finding) -> Row {
    let target = || escape(finding.target.as_str()).into_owned();
    let holder = |image: &Option<Masked>, platform: &Option<Masked>| {
        join(&[target(), image_name(image.as_ref(), platform.as_ref())])
    };
    let mut row = Row {
        holder: String::new(),
        kind: String::new(),
        name: at(&finding.location),
        remark: String::new(),
        line: String::new(),
        number: 1,
    };
    let mut remarks = Vec::new();
    match &finding.location {
        Location::Layer { image, platform, layer, path, state, hidden_by, dockerfile, via, .. } => {
            row.holder = holder(image, platform);
            row.kind = format!("layer {layer}");
            row.name = escape(path.as_str()).into_owned();
            remarks.extend(steps(via));
            let by = hidden_by.map(|layer| format!(" by layer {layer}")).unwrap_or_default();
            match state {
                State::Present => {}
                State::Deleted => remarks.push(format!("deleted{by}, still readable")),
                State::Overwritten => remarks.push(format!("overwritten{by}, still readable")),
            }
            row.line = dockerfile.as_ref().map(line).unwrap_or_default();
        }
        Location::Config { image, platform, document, field, dockerfile, via, .. } => {
            row.holder = holder(image, platform);
            let field = escape(field.as_str());
            (row.kind, row.name) = match (document, field.split_once(".created_by")) {
                (Document::Config, Some((entry, ""))) if entry.starts_with("history[") => {
                    ("history".to_owned(), entry.to_owned())
                }
                (Document::Config, _) => ("config".to_owned(), field.into_owned()),
                (Document::Manifest, _) => ("manifest".to_owned(), field.into_owned()),
                (Document::Index, _) => ("index".to_owned(), field.into_owned()),
                (Document::Attestation, _) => ("attestation".to_owned(), field.into_owned()),
            };
            remarks.extend(steps(via));
            row.line = dockerfile.as_ref().map(line).unwrap_or_default();
        }
        Location::Blob { via, .. } => {
            row.holder = target();
            "blob".clone_into(&mut row.kind);
            remarks.extend(steps(via));
        }
        Location::Dockerfile { .. } => {
            "Dockerfile".clone_into(&mut row.kind);
            remarks.extend(finding.rule.as_str().split_once('/').map(|(_, name)| name.to_owned()));
        }
        Location::File { via, path, .. } => {
            if path.as_str() != finding.target.as_str() {
                row.holder = target();
            }
            "file".clone_into(&mut row.kind);
            remarks.extend(steps(via));
        }
    }
    if !finding.also.is_empty() {
        remarks.push(format!("also in {}", count(finding.also.len(), "other place")));
    }
    row.remark = remarks.join(", ");
    row
}

fn steps(via: &[Masked]) -> Option<String> {
    let steps: Vec<_> = via.iter().map(|step| escape(step.as_str())).collect();
    (!steps.is_empty()).then(|| format!("in {}", steps.join(" > ")))
}

fn line(line: &crate::finding::DockerfileLine) -> String {
    format!("{}:{}", escape(line.path.as_str()), line.line)
}

/// Writes rows in columns. Names are cut in their middle, so that a line fits; what does not fit goes to a line of its own.
fn table(rows: &[Row], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let widest =
        |text: fn(&Row) -> &str| rows.iter().map(|row| width_of(text(row))).max().unwrap_or_default();
    let (kind, remark, line) = (widest(|row| &row.kind), widest(|row| &row.remark), widest(|row| &row.line));
    let full = widest(|row| &row.name);
    let behind = if line > 0 { line + 2 } else { 0 };
    let around = 4 + kind + 2 + behind;
    // A remark that would leave little of the names goes to a line of its own.
    let beside = if remark > 0 { remark + 2 } else { 0 };
    let is_wide = around + full.min(40) + beside <= style.width();
    let beside = if is_wide { beside } else { 0 };
    let room = style.width().saturating_sub(around + beside).max(16);
    let name = full.min(room);
    let mut holder = "";
    for row in rows {
        if row.holder != holder {
            holder = &row.holder;
            if !holder.is_empty() {
                writeln!(out, "  {}", style.faint(cut_middle(holder, style.width() - 2)))?;
            }
        }
        let mut text =
            format!("    {}  {}", padded(&row.kind, kind), padded(&cut_middle(&row.name, room), name));
        if is_wide && remark > 0 {
            text = format!("{text}  {}", padded(&row.remark, remark));
        }
        if !row.line.is_empty() {
            text = format!("{text}  {}", row.line);
        }
        writeln!(out, "{}", text.trim_end())?;
        if !is_wide && !row.remark.is_empty() {
            writeln!(out, "    {:kind$}  {}", "", cut_middle(&row.remark, style.width() - 6 - kind))?;
        }
    }
    Ok(())
}

/// Writes what to do now, in order.
fn next(report: &Report, groups: &[Group<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut tokens = groups.iter().filter_map(|group| match group.subject {
        Subject::Token(token) => Some(token.redacted.to_string()),
        _ => None,
    });
    let mut steps = Vec::new();
    if let Some(first) = tokens.next() {
        let more = tokens.count();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        steps.push(format!("revoke {first}{more}"));
    }
    let has = |family: &str| report.open_findings().any(|finding| finding.rule.as_str().starts_with(family));
    let is_dockerfile = |target: &&crate::finding::Target| target.kind == Some(TargetKind::Dockerfile);
    let mended = report.targets.iter().filter(is_dockerfile).find(|target| {
        report.open_findings().any(|finding| {
            finding.target == target.target && finding.rule.as_str().starts_with("dockerfile/")
        })
    });
    match mended {
        Some(target) => steps.push(format!("stowaway fix {}", escape(target.target.as_str()))),
        None if has("image/") => steps.push("take it out of the build".to_owned()),
        None if !groups.is_empty() => steps.push("take it out of the file".to_owned()),
        None => return Ok(()),
    }
    if has("image/") {
        steps.push("build again, scan again, and delete what was published".to_owned());
    }
    let numbered: Vec<String> =
        steps.iter().zip(1..).map(|(step, number)| format!("{number}. {step}")).collect();
    let text = format!("Next: {}.  --verbose says how, and has every finding in full.", numbered.join("  "));
    for line in wrap(&text, style.width()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
