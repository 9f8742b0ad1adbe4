//! What a script is given by whoever runs it.

use crate::dockerfile::{Mount, Origin, Scope};
use crate::hub::variables::READ;
use crate::shell::Word;

/// What holds for a whole script before its first step.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings<'a> {
    /// The variables, the user and the working directory.
    pub(crate) scope: Scope<'a>,
    /// The mounts of the `RUN`.
    pub(crate) mounts: &'a [Mount],
    /// The variables that a CI system sets, in order.
    pub(crate) variables: Vec<(String, Word)>,
    /// The file in which git's credential helper keeps passwords, as git is told its name; none without such a helper.
    pub(crate) helper: Option<String>,
    /// Whether the Hub's tools find a token in the environment.
    pub(crate) ambient: Ambient,
}

/// Whether there is a token for the Hub's tools without any login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambient {
    /// A variable that they read holds one.
    Token,
    /// None is known.
    Nothing,
}

impl<'a> Surroundings<'a> {
    /// Those of text that no script is: the words of an `ADD`, a here-document of a `COPY`.
    pub(crate) fn of_instruction(scope: Scope<'a>) -> Self {
        Self { scope, mounts: &[], variables: Vec::new(), helper: None, ambient: Ambient::Nothing }
    }

    /// Those of a `RUN`.
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
