//! The environment in which a script runs.

use crate::dockerfile::{Mount, Origin, Scope};
use crate::hub::variables::READ;
use crate::shell::Word;

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
}

/// Whether the Hub's tools have a token without any login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambient {
    /// A variable that the tools read holds a token.
    Token,
    /// No such variable is known.
    Nothing,
}

impl<'a> Surroundings<'a> {
    /// Returns the surroundings of text that is not a script: the words of an `ADD` or a heredoc of a
    /// `COPY`.
    pub(crate) fn of_instruction(scope: Scope<'a>) -> Self {
        Self { scope, mounts: &[], variables: Vec::new(), helper: None, ambient: Ambient::Nothing }
    }

    /// Returns the surroundings of a `RUN`.
    pub(crate) fn of_run(scope: Scope<'a>, mounts: &'a [Mount], helper: Option<String>) -> Self {
        let is_given = |name: &str| {
            let binding = scope.get(name);
            mounts.iter().any(|mount| mount.env.as_deref() == Some(name))
                || binding.is_some_and(|b| b.origin == Origin::Env && b.value.may_hold_something())
        };
        let has_token = READ.into_iter().any(is_given);
        let ambient = if has_token { Ambient::Token } else { Ambient::Nothing };
        Self { scope, mounts, variables: Vec::new(), helper, ambient }
    }
}
