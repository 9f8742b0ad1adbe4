//! How text looks: what is shown, and in which colours.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Effects};

use crate::finding::Severity;

/// How text is written. The caller decides: nothing here looks at the terminal or the environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether to write colours.
    pub color: bool,
    /// Whether to leave out what calls for no action: notes, and the line that says all is clean.
    pub quiet: bool,
}

impl Style {
    /// What leads the eye: the token, a heading.
    pub(super) fn strong<T: Display>(self, text: T) -> Painted<T> {
        self.paint(anstyle::Style::new().effects(Effects::BOLD), text)
    }

    /// What can be passed over.
    pub(super) fn faint<T: Display>(self, text: T) -> Painted<T> {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    /// What went wrong with the audit itself.
    pub(super) fn error<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default().effects(Effects::BOLD), text)
    }

    /// That nothing was found.
    pub(super) fn good<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// A severity's name, or what stands for it.
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

/// Text in a colour. A width given to it pads the text, not the escape sequences around it.
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
