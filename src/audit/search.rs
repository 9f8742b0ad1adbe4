//! Detection over a reader.

use std::io::{self, BufRead};

use crate::detect::{Occurrence, Scanner};

/// Reads `body` to its end and searches it. What was found before an error is kept.
pub(super) fn search(body: &mut dyn BufRead, found: &mut Vec<Occurrence>) -> io::Result<()> {
    let mut scanner = Scanner::new();
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
