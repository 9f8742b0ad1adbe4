//! Shared code of the tests of bad input.

use std::path::Path;

use super::expect::assert_readable;
use super::{Layer, Outcome, Stdin, Tar, Token, scan, stowaway};

/// Returns a valid layer with a token. The token must be found although something else in the image is broken.
pub fn sound() -> (Token, Layer) {
    let made = Token::user("beside what is broken");
    (made.clone(), Layer::new(&Tar::new().file("srv/key", made.bytes()).finish()))
}

/// Returns a layer with one file and no token.
pub fn harmless(name: &str) -> Layer {
    Layer::new(&Tar::new().file(name, name.repeat(500)).finish())
}

/// Asserts that the audit is incomplete, that an error names `place`, and that the token of the valid layer was
/// found.
#[track_caller]
pub fn assert_rest_audited(outcome: &Outcome, place: &str) {
    outcome.assert_error(place);
    outcome.finding_of(&sound().0);
    assert_eq!(outcome.report()["complete"], false);
    assert_eq!(outcome.code, 1, "a finding beats an error");
}

/// Asserts that nothing could be audited: exit code 2, and one readable line that names the target.
#[track_caller]
pub fn assert_refused(path: &Path) {
    let outcome = scan(&[path]);
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.errors()[0]["target"], path.to_str().unwrap());
    outcome.assert_error("");
    let text = stowaway(&["scan", "--color", "never", path.to_str().unwrap()], Stdin::Empty);
    assert_eq!(text.code, 2);
    let all = text.stdout + &text.stderr;
    let naming: Vec<_> = all.lines().filter(|line| line.contains(path.to_str().unwrap())).collect();
    assert!(!naming.is_empty(), "no line names the target: {all}");
    naming.into_iter().for_each(assert_readable);
}
