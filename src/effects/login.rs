//! The files that a login writes and the origin of its token, whether a command or a Python call logs in.

use std::rc::Rc;

use super::effect::Handover;
use super::source::{Certainty, Sources, ValueSource};
use super::state::State;
use super::words;
use crate::detect;
use crate::dockerfile::{Mount, MountKind, Scope};
use crate::hub::variables::is_read;
use crate::shell::{Step, StepKind};

/// Returns the files that a login writes, or `None` if their location is unknown.
pub(super) fn files(state: &State<'_>, handover: Handover) -> Option<Rc<[String]>> {
    let files = state.login_files()?;
    match (handover, &state.helper) {
        (Handover::ToGit, Some(helper)) => {
            let helper = state.named_by_program(helper)?;
            Some(files.iter().cloned().chain([helper]).collect())
        }
        _ => Some(files),
    }
}

/// A step, together with the steps that affect the meaning of its words.
#[derive(Clone, Copy)]
pub(super) struct Near<'a> {
    pub(super) step: &'a Step,
    /// The step before it.
    pub(super) before: Option<&'a Step>,
    /// The Python script that runs the step.
    pub(super) around: Option<&'a Step>,
}

/// Returns the possible sources of a login's token. They are in the words of its step, of the step before
/// it (which may feed it through a pipe) and of the script that runs it.
pub(super) fn token(near: &Near<'_>, state: &State<'_>) -> Sources {
    let mut sources = Sources::default();
    for near in near.around.into_iter().chain(near.before).chain([near.step]) {
        match &near.kind {
            StepKind::Program { arguments, assignments, .. } => {
                let assigned = assignments.iter().chain(&near.environment).map(|(_, word)| word);
                for word in arguments.iter().chain(assigned).chain(&near.inputs) {
                    sources.extend(&state.sources(word));
                }
            }
            StepKind::Python(text) => {
                if !detect::find(text.as_bytes()).is_empty() {
                    sources.add(ValueSource::Literal, Certainty::Token);
                }
                sources.extend(&words::named(&state.variables, &text.to_str()));
            }
        }
    }
    sources
}

/// The origin of a login's token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TokenOrigin<'a> {
    /// The token text is in the script.
    Literal,
    /// The token is a mounted secret.
    Secret(&'a Mount),
    /// The token comes from the build or from an unknown origin.
    Other,
}

/// Returns the origin of the token with these sources, in a `RUN` with these mounts.
pub(crate) fn origin<'a>(token: &Sources, mounts: &'a [Mount], scope: Scope<'_>) -> TokenOrigin<'a> {
    if token.iter().any(|source| *source == ValueSource::Literal) {
        return TokenOrigin::Literal;
    }
    let is_named = |number: usize| token.iter().any(|source| *source == ValueSource::Secret(number));
    let mut secrets = mounts.iter().enumerate().filter(|(_, mount)| mount.kind == MountKind::Secret);
    if let Some((_, secret)) = secrets.clone().find(|(number, _)| is_named(*number)) {
        return TokenOrigin::Secret(secret);
    }
    let carries_token = |name: &str| scope.get(name).is_some_and(|binding| binding.value.carries_token);
    let in_environment = secrets.find(|(_, mount)| mount.env.as_deref().is_some_and(is_read));
    match in_environment {
        Some((_, secret)) if !variables(token).any(carries_token) => TokenOrigin::Secret(secret),
        _ => TokenOrigin::Other,
    }
}

/// Returns the variables that a value passes through.
pub(crate) fn variables(token: &Sources) -> impl Iterator<Item = &str> {
    token.iter().filter_map(|source| match source {
        ValueSource::Variable { name, .. } => Some(name.as_str()),
        ValueSource::Literal | ValueSource::Secret(_) => None,
    })
}
