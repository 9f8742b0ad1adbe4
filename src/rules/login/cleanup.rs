//! What takes a login's files away again before its `RUN` ends.

use std::collections::{HashMap, HashSet};

use super::token_file::covers;
use crate::dockerfile::normal;

/// What `rm` is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Removal {
    /// The path or pattern, absolute or in a home that is not known.
    pub(crate) pattern: String,
    /// Whether directories are removed too.
    pub(crate) recursive: bool,
}

impl Removal {
    fn removes(&self, file: &str) -> bool {
        let parts = |path: &str| path.split('/').count();
        covers(&self.pattern, file) && (self.recursive || parts(&normal(&self.pattern)) == parts(file))
    }
}

/// How many removals of one `RUN` are remembered; those in front of them count for nothing.
const MAX_REMOVALS: usize = 256;

/// The clean-ups behind a place of a script. It is walked backwards, so that each step is looked at once.
#[derive(Default)]
pub(crate) struct CleanUps {
    /// Logouts: the branches they stand in, and the files they remove.
    logouts: HashSet<(Vec<usize>, Option<Vec<String>>)>,
    removals: HashMap<Vec<usize>, HashSet<Removal>>,
    count: usize,
    /// Whether the files may be somewhere else by then.
    pub(crate) copied: bool,
}

impl CleanUps {
    pub(crate) fn logout(&mut self, branches: &[usize], files: Option<&[String]>) {
        if self.count < MAX_REMOVALS && self.logouts.insert((branches.to_vec(), files.map(<[_]>::to_vec))) {
            self.count += 1;
        }
    }

    pub(crate) fn remove(&mut self, branches: &[usize], removals: &[Removal]) {
        for removal in removals {
            if self.count >= MAX_REMOVALS {
                return;
            }
            if self.removals.entry(branches.to_vec()).or_default().insert(removal.clone()) {
                self.count += 1;
            }
        }
    }

    /// The files are copied or moved here: what comes later does not remove the copy.
    pub(crate) fn copy(&mut self) {
        *self = Self { copied: true, ..Self::default() };
    }

    /// Whether a logout removes what is kept for these files, wherever a login in `branches` ran.
    pub(crate) fn logs_out(&self, branches: &[usize], files: Option<&[String]>) -> bool {
        !self.logouts.is_empty()
            && enclosing(branches)
                .any(|outer| self.logouts.contains(&(outer.to_vec(), files.map(<[_]>::to_vec))))
    }

    /// Whether a file is removed, wherever a login in `branches` ran.
    pub(crate) fn removes(&self, branches: &[usize], file: &str) -> bool {
        let mut found = enclosing(branches).filter_map(|outer| self.removals.get(outer));
        found.any(|removals| removals.iter().any(|removal| removal.removes(file)))
    }
}

/// The branches around a place, those it stands in itself included.
fn enclosing(branches: &[usize]) -> impl Iterator<Item = &[usize]> {
    (0..=branches.len()).filter_map(|len| branches.get(..len))
}

#[cfg(test)]
mod tests {
    use crate::{dockerfile::parse, rules::dockerfile::check};

    fn fires(run: &str) -> bool {
        let source = format!("FROM a\nRUN {run}\n");
        let hits = check(source.as_bytes(), &parse(source.as_bytes()));
        hits.iter().any(|hit| hit.rule.id.starts_with("dockerfile/login"))
    }

    #[test]
    fn a_clean_up_that_always_runs_silences() {
        for run in [
            "hf auth login && x && hf auth logout",
            "hf auth login; x; hf auth logout",
            "hf auth login && x; rm -rf ~/.cache/huggingface",
            "hf auth login && rm -r $HOME/.cache/*",
            "if x; then hf auth login && y && hf auth logout; fi",
            "test -z $X || (hf auth login && hf auth logout)",
            "if x; then hf auth login; fi; hf auth logout",
            "(hf auth login); { hf auth logout; }",
            "case x in a) hf auth login; hf auth logout;; esac",
            "sh -c 'hf auth login && hf auth logout'",
            "sh -c 'hf auth login' && hf auth logout",
            "HF_HOME=/t hf auth login && HF_HOME=/t hf auth logout",
            "hf auth login && cd ~/.cache/huggingface && rm token stored_tokens",
            "cd ~ && hf auth login && rm -rf .cache",
            "hf auth login && (cd ~/.cache && rm -r huggingface)",
            "HF_HOME=/t sh -c 'hf auth login && hf auth logout'",
            "HF_HOME=/t bash -c 'hf auth login' && rm -rf /t",
            "gosu app hf auth login && rm -rf /home/app/.cache",
            "su - app -c 'hf auth login' && rm -rf /home/app/.cache",
            "sudo -u app hf auth login; sudo -u app hf auth logout",
            "$(which hf) auth login && hf auth logout",
            "HF_HOME=/t python -c \"from huggingface_hub import login; login(t)\" && rm -rf /t",
        ] {
            assert!(!fires(run), "{run}");
        }
    }

    #[test]
    fn a_clean_up_that_may_not_run_or_removes_something_else_does_not() {
        for run in [
            "hf auth login || hf auth logout",
            "hf auth login && x || (hf auth logout)",
            "hf auth login; if x; then hf auth logout; fi",
            "hf auth login; if x; then y; else rm -rf ~/.cache; fi",
            "hf auth login && [ -n \"$X\" ] && hf auth logout",
            "hf auth login; exit 0 && hf auth logout",
            "hf auth login; for x in $Y; do hf auth logout; done",
            "hf auth login; case $X in a) hf auth logout;; esac",
            "if x; then hf auth login; else hf auth logout; fi",
            "hf auth login || sh -c 'hf auth logout'",
            "hf auth login && hf auth logout --help",
            "hf auth login && hf auth logout --token-name other",
            "hf auth login && HF_HOME=/t hf auth logout",
            "hf auth login && rm -rf \"~/.cache\"",
            "hf auth login && rm -f ~/.cache/huggingface",
            "hf auth login && rm -rf ~/*",
            "hf auth login && rm -rf root/.cache",
            "hf auth login && cp ~/.cache/huggingface/token /t && hf auth logout",
            "hf auth login && mv ~/.cache /opt/cache && rm -rf ~/.cache",
            "hf auth login && (cd ~/.cache); rm -rf huggingface",
            "hf auth login && sh -c 'cd ~' && rm -rf .cache",
            "(HF_HOME=/t); hf auth login && rm -rf /t",
            "HF_HOME=/t true; hf auth login && rm -rf /t",
            "gosu app hf auth login && rm -rf /root/.cache",
            "gosu 1000 hf auth login && rm -rf /home/1000/.cache",
            "su app -c 'hf auth login' && hf auth logout",
            "sudo -E -u app hf auth login && rm -rf /home/app/.cache",
            "$(command -v hf) auth login",
            "`which huggingface-cli` login",
        ] {
            assert!(fires(run), "{run}");
        }
    }

    #[test]
    fn many_logins_take_no_longer_each() {
        let run = "hf auth login; rm -rf /x; ".repeat(8000);
        assert!(fires(&run));
    }
}
