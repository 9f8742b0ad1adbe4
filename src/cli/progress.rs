//! The progress bars: one for the whole audit, and one for each large layer that is being read.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{complain, interrupt};
use crate::engine::Progress;
use crate::mask::mask;
use crate::report::escape;

/// The delay before the bars appear. A shorter audit would only make them flicker.
const DELAY: Duration = Duration::from_secs(1);
/// The size of the smallest layer with a bar of its own, in bytes. For smaller ones, the bar would vanish too
/// quickly.
const LARGE: u64 = 32 * 1024 * 1024;
/// The maximum number of layers that have a bar at the same time.
const LINES: usize = 8;

const KNOWN: &str = "{bytes:>11} of {total_bytes} {bar:20} {binary_bytes_per_sec}, {eta} left  {wide_msg}";
const UNKNOWN: &str = "{bytes:>11} {spinner} {binary_bytes_per_sec}  {wide_msg}";

/// Progress bars on standard error. They appear once the audit has taken a second.
pub(super) struct Bar {
    all: MultiProgress,
    whole: ProgressBar,
    lines: AtomicUsize,
    shown: AtomicBool,
    start: Instant,
}

impl Bar {
    /// Creates the bars for an audit of `targets` if standard error is a terminal.
    pub(super) fn new(targets: &[OsString]) -> Option<Self> {
        std::io::stderr().is_terminal().then(|| {
            let bar = Self::hidden();
            bar.whole.set_message(what(targets));
            interrupt::remember_bars(bar.all.clone());
            bar
        })
    }

    fn hidden() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let whole = all.add(ProgressBar::no_length());
        whole.set_style(style(UNKNOWN));
        let (lines, shown) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { all, whole, lines, shown, start: Instant::now() }
    }

    /// Removes the bars from the terminal.
    pub(super) fn clear(&self) {
        self.whole.finish_and_clear();
    }
}

impl Progress for Bar {
    fn add_total(&self, bytes: u64) {
        let before = self.whole.length();
        if before.is_none() {
            self.whole.set_style(style(KNOWN));
        }
        // Bytes of a stream whose size was not announced also count as done.
        let before = before.unwrap_or_default().max(self.whole.position());
        self.whole.set_length(before.saturating_add(bytes));
    }

    fn advance(&self, bytes: u64) {
        self.whole.inc(bytes);
        if !self.shown.load(Ordering::Relaxed)
            && self.start.elapsed() >= DELAY
            && !self.shown.swap(true, Ordering::Relaxed)
        {
            self.all.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }

    fn found_ahead(&self, layer: usize, path: &str) {
        self.all.suspend(|| Notices.found_ahead(layer, path));
    }

    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
        let has_line = bytes >= LARGE && self.lines.fetch_add(1, Ordering::Relaxed) < LINES;
        let line = has_line.then(|| {
            let line = self.all.insert_before(&self.whole, ProgressBar::new(bytes).with_style(style(KNOWN)));
            line.set_message(shown(name.as_bytes()));
            line
        });
        if bytes >= LARGE && !has_line {
            self.lines.fetch_sub(1, Ordering::Relaxed);
        }
        Box::new(Part { whole: self, line })
    }
}

/// The receiver without bars: it prints notices on standard error.
pub(super) struct Notices;

impl Progress for Notices {
    fn add_total(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn found_ahead(&self, layer: usize, path: &str) {
        complain(&format!("layer {layer} has a token in {}; the scan goes on", escape(path)));
    }

    fn part(&self, _name: &str, _bytes: u64) -> Box<dyn Progress + '_> {
        Box::new(Self)
    }
}

/// A layer that is being read. It has a bar if it is large.
struct Part<'a> {
    whole: &'a Bar,
    line: Option<ProgressBar>,
}

impl Progress for Part<'_> {
    fn add_total(&self, bytes: u64) {
        self.whole.add_total(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.line.iter().for_each(|line| line.inc(bytes));
        self.whole.advance(bytes);
    }

    fn found_ahead(&self, layer: usize, path: &str) {
        self.whole.found_ahead(layer, path);
    }

    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
        self.whole.part(name, bytes)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
            self.whole.all.remove(line);
            self.whole.lines.fetch_sub(1, Ordering::Relaxed);
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
        [target] => shown(target.as_encoded_bytes()),
        targets => format!("{} targets", targets.len()),
    }
}

fn shown(name: &[u8]) -> String {
    escape(mask(name).as_str()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_behind_what_nobody_foresaw() {
        let bar = Bar::hidden();
        bar.advance(30);
        assert_eq!(bar.whole.length(), None);
        bar.add_total(50);
        bar.add_total(20);
        bar.advance(70);
        assert_eq!((bar.whole.position(), bar.whole.length()), (100, Some(100)));
        bar.clear();
        assert!(bar.whole.is_finished());
    }

    #[test]
    fn large_parts_have_lines_as_long_as_they_are_read() {
        let bar = Bar::hidden();
        bar.add_total(20 * LARGE);
        let small = bar.part("layer 0", LARGE - 1);
        assert_eq!(bar.lines.load(Ordering::Relaxed), 0);
        let large: Vec<_> = (0..LINES + 3).map(|n| bar.part(&format!("layer {n}"), LARGE)).collect();
        assert_eq!(bar.lines.load(Ordering::Relaxed), LINES);
        large.iter().chain([&small]).for_each(|part| part.advance(5));
        assert_eq!(bar.whole.position(), 5 * (LINES as u64 + 4));
        drop(large);
        assert_eq!(bar.lines.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_templates_are_sound() {
        for template in [KNOWN, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
