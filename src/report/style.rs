//! The style of text output: colours, and optional parts.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Effects};

use crate::finding::Severity;

/// The style of text output. The caller chooses it; nothing here looks at the terminal or the environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether to write colours.
    pub color: bool,
    /// Whether to leave out text that calls for no action: notes, and the line about a clean result.
    pub quiet: bool,
    /// Whether text has everything about each finding.
    pub verbose: bool,
    /// The width of the terminal in columns, if the text goes to one.
    pub columns: Option<usize>,
}

/// The width of text that goes to no terminal, in columns.
const WIDTH: usize = 100;

impl Style {
    /// Returns the width to fill, in columns.
    pub(super) fn width(self) -> usize {
        self.columns.unwrap_or(WIDTH).clamp(40, 140)
    }

    /// Emphasises text that guides the eye, such as a token or a heading.
    pub(super) fn strong<T: Display>(self, text: T) -> Painted<T> {
        self.paint(anstyle::Style::new().effects(Effects::BOLD), text)
    }

    /// Dims less important text.
    pub(super) fn faint<T: Display>(self, text: T) -> Painted<T> {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    /// Marks a failure of the audit itself.
    pub(super) fn error<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default().effects(Effects::BOLD), text)
    }

    /// Marks a clean result.
    pub(super) fn good<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Colours the name of a severity, or other text about it.
    pub(super) fn severity<T: Display>(self, severity: Severity, text: T) -> Painted<T> {
        let style = match severity {
            Severity::Critical => AnsiColor::Red.on_default().effects(Effects::BOLD),
            Severity::High => AnsiColor::Red.on_default(),
            Severity::Medium => AnsiColor::Yellow.on_default(),
            Severity::Low => AnsiColor::Cyan.on_default(),
        };
        self.paint(style, text)
    }

    fn paint<T: Display>(self, style: anstyle::Style, text: T) -> Painted<T> {
        Painted { style: if self.color { style } else { anstyle::Style::new() }, text }
    }
}

/// Coloured text. A format width pads the text itself, not the escape sequences around it.
pub(super) struct Painted<T> {
    style: anstyle::Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style.render())?;
        self.text.fmt(f)?;
        write!(f, "{}", self.style.render_reset())
    }
}
