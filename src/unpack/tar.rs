//! Tar archives within files: image archives, backups, source packages.

use std::io::{self, BufRead};

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::Raw;
use crate::stream::{Bounds, Entry, Gap, Peek, TarError, Visit, Window, walk};

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let mut visitor = Entries { level };
    let outcome = walk(&mut Window::with_capacity(WINDOW, raw), &mut visitor);
    match outcome {
        // An error of the reader is known to whoever reads the content around.
        Ok(()) | Err(TarError::Io(_)) => {}
        Err(error) => level.odd(b"tar", &format!("{error}; its bytes were searched")),
    }
}

struct Entries<'l, 'u, 'o> {
    level: &'l mut Level<'u, 'o>,
}

impl Visit for Entries<'_, '_, '_> {
    fn gap(&mut self, _: &Gap<'_>) {
        // It stands as it is in the content around, where it has been searched.
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        if entry.size == 0 {
            return Ok(());
        }
        self.level.enter(&[b"tar:", &entry.path[..]].concat(), Some(entry.size), body)
    }

    fn rest(&mut self, _: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        self.level.enter(b"tar-trailer", None, &mut Window::with_capacity(WINDOW, bytes))
    }
}
