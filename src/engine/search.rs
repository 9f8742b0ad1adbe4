//! Detection of tokens in readers.

use std::io::{self, BufRead};

use crate::detect::{Credential, CredentialSearch, Scanner, Step, StepKind, TarPart};
use crate::stream::{Bounds, Peek, Tap, Window};
use crate::unpack::{Found, MAX_IN_FILE, Origin, Unpacker};

/// Creates a scanner for some content. It lists one token more than is kept, to reveal that there are more.
pub(crate) fn scanner() -> Scanner {
    Scanner::with_limit(MAX_IN_FILE + 1)
}

/// Lets `search` read a file with this path, and looks for possible credentials of unknown shape at the same
/// time.
pub(crate) fn search_credentials<T>(
    path: &[u8],
    body: &mut dyn Peek,
    search: impl FnOnce(&mut dyn Peek) -> T,
) -> (T, Vec<Credential>) {
    let mut credentials = CredentialSearch::new(path);
    let found = search(&mut Tap::new(body, |bytes: &[u8]| credentials.feed(bytes)));
    (found, credentials.finish())
}

/// The step into the bytes after the last entry of a tar stream.
const TRAILER: StepKind = StepKind::Tar(TarPart::Trailer);

/// Searches the bytes after the last entry of a tar stream. Offsets count in the stream.
pub(crate) fn search_rest(
    unpacker: &mut Unpacker,
    bounds: Bounds,
    bytes: &mut dyn BufRead,
) -> (Found, io::Result<()>) {
    let (mut found, outcome) = unpacker.search(Origin::default(), &mut Window::new(bytes));
    for occurrence in &mut found.occurrences {
        if occurrence.counts_in_searched() {
            occurrence.move_to(occurrence.at.start + bounds.start);
        }
        occurrence.position = None;
        let range = bounds.start..bounds.start.max(occurrence.at.end);
        occurrence.reached_by(Step::new(TRAILER, range));
    }
    for problem in &mut found.problems {
        problem.via.insert(0, Step::new(TRAILER, 0..0));
    }
    (found, outcome)
}
