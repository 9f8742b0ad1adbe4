//! The progress bar.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt;
use crate::audit::Progress;
use crate::detect;
use crate::report::escape;

/// An audit that is done by then is not worth a bar that flickers.
const DELAY: Duration = Duration::from_secs(1);

const KNOWN: &str = "{bytes:>11} of {total_bytes} {bar:20} {binary_bytes_per_sec}, {eta} left  {wide_msg}";
const UNKNOWN: &str = "{bytes:>11} {spinner} {binary_bytes_per_sec}  {wide_msg}";

/// A progress bar on standard error, shown once the audit has taken a second.
pub(super) struct Bar {
    drawn: ProgressBar,
    shown: AtomicBool,
    start: Instant,
}

impl Bar {
    /// A bar for an audit of `targets`, where standard error is a terminal.
    pub(super) fn new(targets: &[OsString]) -> Option<Self> {
        std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            bar.set_style(style(UNKNOWN));
            bar.set_message(what(targets));
            interrupt::remember_bar(bar.clone());
            Self { drawn: bar, shown: AtomicBool::new(false), start: Instant::now() }
        })
    }

    /// Takes the bar off the terminal.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

impl Progress for Bar {
    fn add_total(&self, bytes: u64) {
        let before = self.drawn.length();
        if before.is_none() {
            self.drawn.set_style(style(KNOWN));
        }
        // What was read of a stream, and nobody foresaw, lies behind as well.
        let before = before.unwrap_or_default().max(self.drawn.position());
        self.drawn.set_length(before.saturating_add(bytes));
    }

    fn advance(&self, bytes: u64) {
        self.drawn.inc(bytes);
        if !self.shown.load(Ordering::Relaxed)
            && self.start.elapsed() >= DELAY
            && !self.shown.swap(true, Ordering::Relaxed)
        {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn what(targets: &[OsString]) -> String {
    match targets {
        [target] => escape(detect::mask(target.as_encoded_bytes()).as_str()).into_owned(),
        targets => format!("{} targets", targets.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_behind_what_nobody_foresaw() {
        let drawn = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let bar = Bar { drawn, shown: AtomicBool::new(false), start: Instant::now() };
        bar.advance(30);
        assert_eq!(bar.drawn.length(), None);
        bar.add_total(50);
        bar.add_total(20);
        bar.advance(70);
        assert_eq!((bar.drawn.position(), bar.drawn.length()), (100, Some(100)));
        bar.clear();
        assert!(bar.drawn.is_finished());
    }

    #[test]
    fn the_templates_are_sound() {
        for template in [KNOWN, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
