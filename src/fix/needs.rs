//! The variables that the commands of a `RUN` need from secrets.

use std::collections::BTreeMap;

use super::readers::readers;
use super::settings::{Settings, Variable};
use crate::dockerfile::Scope;
use crate::effects::{Reader, Run, holds_word};
use crate::hub::programs::TOKEN_OPTION;
use crate::hub::python::{LIBRARY, TAKE_HUB_TOKEN};
use crate::hub::variables::{HF_TOKEN, READ, is_read};
use crate::shell::{Step, StepKind};
use crate::text::Span;

/// The secrets that the commands of a `RUN` need.
pub(super) struct Needs {
    /// The variables, each with the name of its secret.
    pub(super) variables: BTreeMap<String, String>,
    /// Whether the commands name a variable, run a client of the Hub or held a login.
    pub(super) is_about_token: bool,
}

/// A `RUN` whose commands are looked at.
pub(super) struct Reading<'a> {
    pub(super) run: &'a Run,
    pub(super) scope: Scope<'a>,
    pub(super) settings: &'a Settings,
    /// The text of the commands that are left.
    pub(super) rest: &'a str,
    /// The parts that are removed, in order.
    pub(super) gone: &'a [Span],
    /// Whether a login was removed.
    pub(super) had_login: bool,
}

impl Reading<'_> {
    /// Returns what the remaining commands need from secrets. `logged_in` is the secret that replaces the logins
    /// up to here.
    pub(super) fn needs(&self, logged_in: Option<&str>) -> Needs {
        let (rest, gone) = (self.rest, self.gone);
        let here: Vec<(&str, &Variable)> = self.settings.in_scope(self.scope).collect();
        let id = |&(name, variable): &(&str, &Variable)| (name.to_owned(), variable.id(self.scope, name));
        let named = here.iter().filter(|(name, _)| holds_word(rest, name));
        let mut needed: BTreeMap<String, String> = named.map(id).collect();
        let is_named = !needed.is_empty();
        let stays = |step: &Step| {
            let before = gone.partition_point(|gone| gone.start <= step.span.start);
            let around = before.checked_sub(1).and_then(|at| gone.get(at));
            around.is_none_or(|gone| gone.end < step.span.end)
        };
        let steps = || readers(self.run).filter(|(step, _)| self.run.steps.get(*step).is_some_and(stays));
        // A script in the Dockerfile that names its variable reads no other, but for those that libraries read.
        let says_all = |step: &usize| match self.run.steps.get(*step).map(|step| &step.kind) {
            Some(StepKind::Python(text)) => here.iter().any(|(name, _)| holds_word(&text.to_str(), name)),
            _ => false,
        };
        let is_said = steps().all(|(step, reader)| reader == Reader::Hub || says_all(&step));
        let is_client = steps().any(|(_, reader)| reader == Reader::Hub) || calls_the_hub(rest);
        // A client that is given its token reads no other.
        let is_given = |step: usize| match self.run.steps.get(step).map(|step| &step.kind) {
            Some(StepKind::Program { arguments, .. }) => arguments.iter().any(|word| {
                let text = word.text.to_str();
                text.strip_prefix(TOKEN_OPTION).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            }),
            _ => false,
        };
        let readers = steps().filter(|(step, reader)| *reader == Reader::Other || !is_given(*step));
        let readers: Vec<Reader> = readers.map(|(_, reader)| reader).collect();
        let is_about_token = is_named || is_client || self.had_login;
        if readers.is_empty() {
            return Needs { variables: needed, is_about_token };
        }
        let may_be_any = readers.contains(&Reader::Other);
        let has_hub = |needed: &BTreeMap<String, String>| READ.iter().any(|name| needed.contains_key(*name));
        let known: Vec<_> = here.iter().filter(|(_, variable)| variable.is_known).collect();
        for name in READ {
            // The Hub's own tools need one of their names, and a script may read each of them.
            if may_be_any || !has_hub(&needed) {
                needed.extend(known.iter().filter(|(known, _)| *known == name).map(|variable| id(variable)));
            }
        }
        if let (Some(secret), false) = (logged_in, has_hub(&needed)) {
            needed.insert(HF_TOKEN.to_owned(), secret.to_owned());
        }
        // It is unknown which of the other variables a script reads.
        if (may_be_any && !is_said) || needed.is_empty() {
            for (name, variable) in
                known.into_iter().filter(|(name, variable)| !is_read(name) && !variable.is_handed_on)
            {
                needed.entry((*name).to_owned()).or_insert_with(|| variable.id(self.scope, name));
            }
        }
        Needs { variables: needed, is_about_token }
    }
}

/// Returns true if a script calls a library of the Hub.
fn calls_the_hub(script: &str) -> bool {
    std::iter::once(&LIBRARY).chain(&TAKE_HUB_TOKEN).any(|name| holds_word(script, name))
}
