//! What the tests of bad input have in common.

use std::path::Path;

use super::expect::assert_readable;
use super::{Layer, Outcome, Stdin, Tar, Token, scan, stowaway};

/// A sound layer with a token: what is broken beside it must not keep it from being found.
pub fn sound() -> (Token, Layer) {
    let made = Token::user("beside what is broken");
    (made.clone(), Layer::new(&Tar::new().file("srv/key", made.bytes()).finish()))
}

/// A layer of one file without a token.
pub fn harmless(name: &str) -> Layer {
    Layer::new(&Tar::new().file(name, name.repeat(500)).finish())
}

/// Asserts that the audit is incomplete, names `place`, and has still found the sound layer's token.
#[track_caller]
pub fn assert_rest_audited(outcome: &Outcome, place: &str) {
    outcome.assert_error(place);
    outcome.finding_of(&sound().0);
    assert_eq!(outcome.report()["complete"], false);
    assert_eq!(outcome.code, 1, "a finding beats an error");
}

/// Asserts that nothing could be audited: exit 2, and one readable line that names the target.
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
