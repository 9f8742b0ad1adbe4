//! Credentials of unknown shape in files that lie in pieces, or without a mark, in an image of a file system. The bytes
//! of the files are searched as a part of the image. What only the path tells is added here.

use super::level::Level;
use super::limits::MAX_IN_FILE;
use crate::detect::{Container, CredentialSearch, Occurrence, Scanner, Step, StepKind, add_kept};

/// The maximum size of a file that is put together, and of all in one image.
pub(super) const MAX_FILE: usize = 4 << 20;
pub(super) const MAX_FILES: usize = 32 << 20;

/// Searches files whose paths say that they may keep a credential.
pub(super) fn search(level: &mut Level<'_, '_>, container: Container, files: &[(Vec<u8>, Vec<u8>)]) {
    let found = files.iter().flat_map(|(path, content)| in_file(container, path, content));
    let found: Vec<_> = found.take(MAX_IN_FILE + 1).collect();
    if !found.is_empty() {
        level.keep_by_path(found);
    }
}

fn in_file(container: Container, path: &[u8], content: &[u8]) -> Vec<Occurrence> {
    let mut scanner = Scanner::with_limit(MAX_IN_FILE + 1);
    scanner.feed(content);
    let mut found = scanner.finish();
    let mut search = CredentialSearch::new(path);
    search.feed(content);
    add_kept(path, search.finish(), &mut found);
    // The others are found as a part of the image.
    found.retain(Occurrence::is_unknown);
    for occurrence in &mut found {
        occurrence.reached_by(Step::new(StepKind::member(container, path), 0..0));
    }
    found
}
