//! The environment in which a script runs.

use std::collections::BTreeSet;

use super::files::RunFiles;
use crate::dockerfile::{Mount, Origin, Scope};
use crate::hub::variables::READ;
use crate::shell::{ENVIRONMENT, Word};

/// The names of variables and the normal paths of files whose content a `RUN` gives to the Hub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) variables: BTreeSet<String>,
    pub(crate) files: BTreeSet<String>,
}

/// The conditions that apply to a whole script before its first step.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings<'a> {
    /// The variables, the user and the working directory.
    pub(crate) scope: Scope<'a>,
    /// The mounts of the `RUN`.
    pub(crate) mounts: &'a [Mount],
    /// The variables that a CI system sets, in order of assignment.
    pub(crate) variables: Vec<(String, Word)>,
    /// The password file of git's credential helper, as written in git's configuration. `None` without such
    /// a helper.
    pub(crate) helper: Option<String>,
    /// Whether the Hub's tools find a token in the environment.
    pub(crate) ambient: Ambient,
    /// The files that scripts of the build can run.
    pub(crate) files: Option<RunFiles<'a>>,
    /// The files and variables of the mounts whose content is known to go to the Hub.
    pub(crate) given: Option<&'a Given>,
}

/// Whether the Hub's tools have a token without any login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambient {
    /// A variable that the tools read holds a token.
    Token,
    /// No such variable is known.
    Nothing,
}

/// Returns the variable of the conda environment in which `SHELL ["conda", "run", "-n", …]` runs scripts.
fn conda(scope: Scope<'_>) -> Option<(String, Word)> {
    let shell = scope.shell()?;
    let is_conda = shell
        .first()
        .is_some_and(|word| word.to_str().ends_with("conda") || word.to_str().ends_with("mamba"));
    let at =
        shell.iter().position(|word| matches!(word.as_bytes(), b"-n" | b"--name")).filter(|_| is_conda)?;
    let text = shell.get(at + 1)?.clone();
    Some((ENVIRONMENT.to_owned(), Word { text, ..Word::default() }))
}

impl<'a> Surroundings<'a> {
    /// Returns the surroundings of text that is not a script: the words of an `ADD` or a heredoc of a
    /// `COPY`.
    pub(crate) fn of_instruction(scope: Scope<'a>) -> Self {
        Self {
            scope,
            mounts: &[],
            variables: Vec::new(),
            helper: None,
            ambient: Ambient::Nothing,
            files: None,
            given: None,
        }
    }

    /// Returns the surroundings of a `RUN`.
    pub(crate) fn of_run(
        scope: Scope<'a>,
        mounts: &'a [Mount],
        helper: Option<String>,
        files: RunFiles<'a>,
    ) -> Self {
        let is_given = |name: &str| {
            let binding = scope.get(name);
            mounts.iter().any(|mount| mount.env.as_deref() == Some(name))
                || binding.is_some_and(|b| b.origin == Origin::Env && b.value.may_hold_something())
        };
        let has_token = READ.into_iter().any(is_given);
        let ambient = if has_token { Ambient::Token } else { Ambient::Nothing };
        let variables = conda(scope).into_iter().collect();
        Self { scope, mounts, variables, helper, ambient, files: Some(files), given: None }
    }
}
