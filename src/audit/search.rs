//! Detection over a reader.

use std::io::{self, BufRead};

use super::budget::MAX_IN_FILE;
use crate::detect::{KeptSearch, KeptToken, Occurrence, Scanner};

/// A search of one content. It lists one token more than are kept, so that more can be told from all.
pub(super) fn scanner() -> Scanner {
    Scanner::with_limit(MAX_IN_FILE + 1)
}

/// Reads `body` to its end and searches it. What was found before an error is kept.
pub(super) fn search(body: &mut dyn BufRead, found: &mut Vec<Occurrence>) -> io::Result<()> {
    search_with(body, found, |_| {})
}

/// The same for a file of that path, with what may be a credential of unknown shape in it.
pub(super) fn search_file(
    path: &[u8],
    body: &mut dyn BufRead,
    found: &mut Vec<Occurrence>,
    kept: &mut Vec<KeptToken>,
) -> io::Result<()> {
    let mut search = KeptSearch::new(path);
    let outcome = search_with(body, found, |piece| search.feed(piece));
    kept.extend(search.finish());
    outcome
}

fn search_with(
    body: &mut dyn BufRead,
    found: &mut Vec<Occurrence>,
    mut pass: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut scanner = scanner();
    let outcome = loop {
        match body.fill_buf() {
            Ok([]) => break Ok(()),
            Ok(bytes) => {
                scanner.feed(bytes);
                pass(bytes);
                let n = bytes.len();
                body.consume(n);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    found.extend(scanner.finish());
    outcome
}
