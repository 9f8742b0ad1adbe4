//! Detection over a reader.

use std::io::{self, BufRead};

use super::budget::MAX_IN_FILE;
use crate::detect::{Occurrence, Scanner};

/// A search of one content. It lists one token more than are kept, so that more can be told from all.
pub(super) fn scanner() -> Scanner {
    Scanner::with_limit(MAX_IN_FILE + 1)
}

/// Reads `body` to its end and searches it. What was found before an error is kept.
pub(super) fn search(body: &mut dyn BufRead, found: &mut Vec<Occurrence>) -> io::Result<()> {
    let mut scanner = scanner();
    let outcome = loop {
        match body.fill_buf() {
            Ok([]) => break Ok(()),
            Ok(bytes) => {
                scanner.feed(bytes);
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
