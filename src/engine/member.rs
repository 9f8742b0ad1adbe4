//! The member of a tar archive on disk in which a token lies.

use std::fs::File;
use std::io::{self, BufRead};

use crate::detect::Occurrence;
use crate::stream::{Bounds, Entry, Gap, Peek, Visit, Window, begins_tar, walk};

/// The number of bytes that show whether a file is a tar archive.
const HEAD: usize = 512;

/// Returns the path of the member in which a token lies, if the searched file is a tar archive that builders unpack.
/// `open` opens the file.
pub(crate) fn member(occurrence: &Occurrence, open: impl FnOnce() -> io::Result<File>) -> Option<Vec<u8>> {
    if !occurrence.via.is_empty() {
        return occurrence.member_of_tar();
    }
    let mut window = Window::new(open().ok()?);
    if !begins_tar(window.peek(HEAD).ok()?) {
        return None;
    }
    let mut at = At { offset: occurrence.offset, found: None };
    // A damaged archive was reported when it was searched.
    let _ = walk(&mut window, &mut at);
    at.found
}

/// Looks for the entry that holds an offset.
struct At {
    offset: u64,
    found: Option<Vec<u8>>,
}

impl Visit for At {
    fn gap(&mut self, _: &Gap<'_>) {}

    fn entry(&mut self, entry: &Entry, _: &mut dyn Peek) -> io::Result<()> {
        let end = entry.body_offset.saturating_add(entry.size);
        if (entry.body_offset..end).contains(&self.offset) {
            self.found = Some(entry.path.clone());
        }
        Ok(())
    }

    fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
        Ok(())
    }
}
