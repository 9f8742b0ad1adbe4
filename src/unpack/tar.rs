//! Tar archives within files: image archives, backups, source packages.

use std::io::{self, BufRead};

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::Raw;
use crate::detect::{Container, StepKind, TarPart};
use crate::mask::message;
use crate::stream::{Bounds, Entry, Extent, Gap, Peek, TarError, Visit, Window, walk};

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let start = raw.passed();
    let mut visitor = Entries { level, start };
    let outcome = walk(&mut Window::with_capacity(WINDOW, raw), &mut visitor);
    match outcome {
        // A reader's error is reported by the reader of the enclosing content.
        Ok(()) | Err(TarError::Io(_)) => {}
        Err(error) => {
            let detail = message!("{}; its bytes were searched", error.to_string());
            level.note(StepKind::Container(Container::Tar), error.code(), detail);
        }
    }
}

struct Entries<'l, 'u, 'o> {
    level: &'l mut Level<'u, 'o>,
    /// The start of the archive in the content.
    start: u64,
}

impl Visit for Entries<'_, '_, '_> {
    fn gap(&mut self, _: &Gap<'_>) {
        // The gap is part of the enclosing content, which is searched there.
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        if entry.size == 0 {
            return Ok(());
        }
        let start = self.start.saturating_add(entry.body_offset);
        let step = StepKind::member(Container::Tar, &entry.path);
        if let Extent::Sparse(map) = &entry.extent {
            let expansion = self.level.unpacker.expand(map, entry.size);
            let mut file = Window::with_capacity(WINDOW, expansion.reader(body));
            return self.level.enter_sparse(
                step,
                start..start.saturating_add(entry.size),
                &expansion,
                &mut file,
            );
        }
        self.level.enter_stored(step, start..start.saturating_add(entry.size), body)
    }

    fn rest(&mut self, _: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        self.level.enter(StepKind::Tar(TarPart::Trailer), &mut Window::with_capacity(WINDOW, bytes))
    }
}
