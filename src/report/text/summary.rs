//! The summary line: how much was read, and the result.

use std::io::{self, Write};

use super::count;
use crate::finding::{Report, RepositorySummary, Severity, TargetKind};
use crate::report::{Style, escape};

/// Writes the summary line.
pub(in crate::report) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let read = what_was_read(report);
    let errors = report.errors.len();
    if report.has_none_of_the_wanted() {
        let wanted: Vec<String> =
            report.wanted.iter().map(|hash| format!("{:.12}", hash.to_string())).collect();
        writeln!(out, "looked for sha256 {} alone: not found", wanted.join(", "))?;
    }
    if report.summary.findings == 0 {
        if report.complete {
            if style.quiet {
                return Ok(());
            }
            return writeln!(out, "{} {read}, nothing found{}", style.good("clean:"), ignored(report));
        }
        let unread = count(errors, "part");
        let ignored = ignored(report);
        return writeln!(
            out,
            "{} {read}, nothing found{ignored}, {unread} not read",
            style.error("incomplete:")
        );
    }
    write!(out, "{}", style.strong(count(report.summary.findings, "finding")))?;
    let severities = [
        (Severity::Critical, report.summary.critical),
        (Severity::High, report.summary.high),
        (Severity::Medium, report.summary.medium),
        (Severity::Low, report.summary.low),
    ];
    let mut lead = " (";
    for (severity, number) in severities.into_iter().filter(|(_, number)| *number > 0) {
        write!(out, "{lead}{}", style.severity(severity, format_args!("{number} {severity}")))?;
        lead = ", ";
    }
    write!(out, ")")?;
    if report.summary.tokens > 0 {
        write!(out, ", {}", count(report.summary.tokens, "token"))?;
    }
    write!(out, " in {read}{}", ignored(report))?;
    if !report.complete {
        write!(out, "; {}", style.error(format_args!("incomplete, {} not read", count(errors, "part"))))?;
    }
    writeln!(out)
}

/// Returns the number of suppressed findings for the end of a line, as in ` but 2 that are ignored`.
fn ignored(report: &Report) -> String {
    match report.summary.suppressed {
        0 => String::new(),
        number => format!(", {number} ignored"),
    }
}

/// Writes a line for each repository, and a blank line behind them.
pub(super) fn repositories(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let is_shown = |summary: &&RepositorySummary| !style.quiet || summary.findings > 0 || !summary.complete;
    let shown: Vec<_> = report.repositories.iter().filter(is_shown).collect();
    let names: Vec<_> = shown.iter().map(|summary| escape(summary.repository.as_str())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    for (summary, name) in shown.iter().zip(&names) {
        write!(out, "{name:width$}  {:>8}  ", count(summary.targets, "tag"))?;
        let incomplete = style.error("incomplete");
        match (summary.findings, summary.complete) {
            (0, true) => writeln!(out, "{}", style.good("clean"))?,
            (0, false) => writeln!(out, "{incomplete}")?,
            (findings, is_complete) => {
                write!(out, "{}", style.strong(count(findings, "finding")))?;
                if summary.tokens > 0 {
                    write!(out, ", {}", count(summary.tokens, "token"))?;
                }
                writeln!(out, "{}", if is_complete { String::new() } else { format!("; {incomplete}") })?;
            }
        }
    }
    if shown.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Describes the targets, as in `app.tar: 1 image, 7 layers (6 from the cache)`. Several targets are only
/// counted.
fn what_was_read(report: &Report) -> String {
    let images = || report.targets.iter().flat_map(|target| &target.images);
    let held = images().filter(|image| image.held).count();
    let layers: usize = images().filter(|image| image.held).map(|image| image.layers.len()).sum();
    let cached: usize = images().flat_map(|image| &image.layers).filter(|layer| layer.cached).count();
    let absent = images().count() - held;

    let mut parts = Vec::new();
    if held > 0 || report.targets.iter().any(|target| target.kind == Some(TargetKind::Image)) {
        parts.push(count(held, "image"));
        let known = if cached > 0 { format!(" ({cached} from the cache)") } else { String::new() };
        parts.push(format!("{}{known}", count(layers, "layer")));
    }
    if absent > 0 {
        parts.push(format!("{} not held", count(absent, "platform")));
    }
    match report.targets.as_slice() {
        [target] if parts.is_empty() => escape(target.target.as_str()).into_owned(),
        [target] => format!("{}: {}", escape(target.target.as_str()), parts.join(", ")),
        targets => {
            parts.insert(0, count(targets.len(), "target"));
            parts.join(", ")
        }
    }
}
