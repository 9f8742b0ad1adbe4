//! The effects of a script that persist after it has ended.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::effect::{Effect, EffectKind, Login, Logout, Removal, Tokens, Write};

/// A login that nothing undoes.
pub(crate) struct LoginLeft<'a> {
    /// The index of the effect.
    pub(crate) number: usize,
    pub(crate) login: &'a Login,
    /// The files of the login that nothing removes. `None` if the files are unknown or may have been copied
    /// elsewhere.
    pub(crate) files: Option<Vec<&'a str>>,
}

/// Returns the logins that no logout undoes, in order. Removed files are left out.
pub(crate) fn logins_left<'a>(
    effects: impl DoubleEndedIterator<Item = &'a Effect> + ExactSizeIterator,
) -> Vec<LoginLeft<'a>> {
    let mut later = CleanUps::default();
    // Whether the files may be elsewhere by the end.
    let mut are_copied = false;
    let mut left = Vec::new();
    for (number, Effect { kind, branches, .. }) in effects.enumerate().rev() {
        match kind {
            EffectKind::Logout(Logout { files, tokens: Tokens::All }) => {
                later.logout(branches, files.as_ref());
            }
            EffectKind::Removal(removals) => later.remove(branches, removals),
            // Later commands do not remove the copy.
            EffectKind::LoginCopied => {
                later = CleanUps::default();
                are_copied = true;
            }
            EffectKind::Login(login) if !later.log_out(branches, login.place.as_ref()) => {
                let files = login.files.as_deref().filter(|_| !are_copied);
                let is_left = |file: &&String| !later.remove_file(branches, file);
                let files = files.map(|files| files.iter().filter(is_left).map(String::as_str).collect());
                left.push(LoginLeft { number, login, files });
            }
            _ => {}
        }
    }
    left.reverse();
    left
}

/// Whether a file still exists at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Removed,
}

/// Returns the tokens that are written into files, in order, each with the fate of the file.
pub(crate) fn writes_left(effects: &[Effect]) -> Vec<(&Effect, &Write, Fate)> {
    let mut later = CleanUps::default();
    let mut left = Vec::new();
    for effect in effects.iter().rev() {
        match &effect.kind {
            EffectKind::Removal(removals) => later.remove(&effect.branches, removals),
            EffectKind::Logout(logout) => later.remove(&effect.branches, &logout.removals()),
            EffectKind::Write(write) => {
                let is_removed =
                    write.file.as_deref().is_some_and(|file| later.remove_file(&effect.branches, file));
                left.push((effect, write, if is_removed { Fate::Removed } else { Fate::Kept }));
            }
            _ => {}
        }
    }
    left.reverse();
    left
}

/// The maximum number of removals of one script that are remembered. Earlier removals are ignored.
const MAX_REMOVALS: usize = 256;

/// The branches around a logout, and the files that it removes.
type Place<'a> = (&'a [usize], Option<Rc<[String]>>);

/// The logouts and removals after a point of a script. Scripts are walked backwards, so that each effect is
/// visited once.
#[derive(Default)]
struct CleanUps<'a> {
    logouts: HashSet<Place<'a>>,
    removals: HashMap<&'a [usize], HashSet<Removal>>,
    count: usize,
}

impl<'a> CleanUps<'a> {
    fn logout(&mut self, branches: &'a [usize], files: Option<&Rc<[String]>>) {
        if self.count < MAX_REMOVALS && self.logouts.insert((branches, files.cloned())) {
            self.count += 1;
        }
    }

    fn remove(&mut self, branches: &'a [usize], removals: &[Removal]) {
        for removal in removals.iter().filter(|removal| removal.pattern.is_some()) {
            if self.count >= MAX_REMOVALS {
                return;
            }
            if self.removals.entry(branches).or_default().insert(removal.clone()) {
                self.count += 1;
            }
        }
    }

    /// Returns true if a logout removes these files after a login in `branches`.
    fn log_out(&self, branches: &[usize], files: Option<&Rc<[String]>>) -> bool {
        !self.logouts.is_empty()
            && enclosing(branches).any(|outer| self.logouts.contains(&(outer, files.cloned())))
    }

    /// Returns true if a file written in `branches` is removed.
    fn remove_file(&self, branches: &[usize], file: &str) -> bool {
        let mut found = enclosing(branches).filter_map(|outer| self.removals.get(outer));
        found.any(|removals| removals.iter().any(|removal| removal.takes(file)))
    }
}

/// Returns the branches around a place, including its own.
fn enclosing(branches: &[usize]) -> impl Iterator<Item = &[usize]> {
    (0..=branches.len()).filter_map(|len| branches.get(..len))
}
