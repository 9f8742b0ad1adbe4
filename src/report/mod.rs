//! The output formats, one file each. They are pure functions of the report and of the rule catalogue.

mod escape;
mod json;
pub(crate) mod mended;
#[cfg(test)]
mod pages;
pub(crate) mod rules;
#[cfg(test)]
mod samples;
mod style;
mod text;

use std::io::{self, Write};

use crate::finding::Report;

pub(crate) use escape::escape;
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
}

impl Report {
    /// Writes the report. Text has no colours.
    ///
    /// # Errors Returns the errors of `out`.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        render(format, self, Style::default(), out)
    }
}

/// Writes `report` in `format`. `style` applies to text only.
pub(crate) fn render(format: Format, report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::render(report, style, out),
        Format::Json => json::render(report, out),
    }
}
