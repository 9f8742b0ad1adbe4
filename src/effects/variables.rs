//! The variables of a script at the current step: their texts and the sources of their values.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::secrets::{Secret, secrets};
use super::source::{Certainty, Sources, ValueSource};
use super::surroundings::Given;
use crate::dockerfile::{Mount, Scope};

/// A placeholder for an unknown home directory. Scripts write a home directory that way too.
const UNKNOWN_HOME: &str = "~";

/// The text of a variable, if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    Unset,
    Known(String),
    Unknown,
}

/// The reader of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The shell, which expands the words of a command before the command's own assignments apply.
    Shell,
    /// The program that the command runs. It has these assignments in its environment.
    Program,
}

/// A variable set by the script.
#[derive(Debug, Clone)]
struct Variable {
    text: Setting,
    /// The values assigned to the variable, each with the branches of the assignment. If these are not
    /// branches of the reader, the assignment may not have run.
    values: Vec<(Vec<usize>, Sources)>,
    is_exported: bool,
}

/// A branch that contains no command.
const UNSURE: [usize; 1] = [usize::MAX];

/// The maximum number of values of one variable that are distinguished.
const MAX_VALUES: usize = 8;
/// The maximum number of variables that are examined when any of them may matter.
const MAX_LOOKED_AT: usize = 64;

/// The variables set outside a script and by it.
pub(super) struct Variables<'a> {
    scope: Scope<'a>,
    secrets: Vec<Secret<'a>>,
    set: BTreeMap<String, Variable>,
    /// The arguments of `export`.
    exported: BTreeSet<String>,
    /// The names in `set` that hold a token, and those of them that programs see.
    carriers: BTreeSet<String>,
    exported_carriers: BTreeSet<String>,
    /// The variables that were set, each with its previous state.
    log: Vec<(String, Option<Variable>)>,
    /// The assignments before the name of the running command.
    own: Vec<(String, Variable)>,
    /// The branches around the command.
    branches: Vec<usize>,
    /// The variables of the scope that hold a token.
    in_scope: OnceCell<BTreeSet<&'a str>>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(scope: Scope<'a>, mounts: &'a [Mount], given: Option<&Given>) -> Self {
        Self {
            scope,
            secrets: secrets(mounts, given),
            set: BTreeMap::new(),
            exported: BTreeSet::new(),
            carriers: BTreeSet::new(),
            exported_carriers: BTreeSet::new(),
            log: Vec::new(),
            own: Vec::new(),
            branches: Vec::new(),
            in_scope: OnceCell::new(),
        }
    }

    /// Returns the mounted secrets.
    pub(super) fn secrets(&self) -> &[Secret<'a>] {
        &self.secrets
    }

    /// Enters a command in these branches.
    pub(super) fn enter(&mut self, branches: &[usize]) {
        self.own.clear();
        self.branches.clear();
        self.branches.extend_from_slice(branches);
    }

    /// Returns the number of settings so far, to go back to with [`Variables::restore`].
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Undoes the settings since the mark.
    pub(super) fn restore(&mut self, mark: usize) {
        while self.log.len() > mark
            && let Some((name, before)) = self.log.pop()
        {
            if let Some(variable) = before {
                self.put(&name, variable);
            } else {
                self.set.remove(&name);
                self.carriers.remove(&name);
                self.exported_carriers.remove(&name);
            }
        }
    }

    fn put(&mut self, name: &str, variable: Variable) -> Option<Variable> {
        let carries = !variable.values.iter().all(|(_, sources)| sources.have_no_token());
        let is_exported = variable.is_exported || self.exported.contains(name);
        let note = |names: &mut BTreeSet<String>, is_in: bool| {
            if !is_in {
                names.remove(name);
            } else if !names.contains(name) {
                names.insert(name.to_owned());
            }
        };
        note(&mut self.carriers, carries);
        note(&mut self.exported_carriers, carries && is_exported);
        self.set.insert(name.to_owned(), variable)
    }

    /// Sets a variable for the following commands.
    pub(super) fn assign(&mut self, name: &str, text: Setting, sources: Sources) {
        let before = self.set.get(name);
        let is_exported = before.is_some_and(|before| before.is_exported);
        let mut values = before.map(|before| before.values.clone()).unwrap_or_default();
        // Values set in these branches, or within them, are certainly overwritten.
        values.retain(|(branches, _)| !branches.starts_with(&self.branches));
        if values.len() >= MAX_VALUES {
            values.remove(0);
        }
        values.push((self.branches.clone(), sources));
        self.set_to(name, Variable { text, values, is_exported });
    }

    /// Sets a variable in the environment of a whole script. Its previous value is kept too: if the script
    /// is in double quotes, the outer shell has already expanded the variable.
    pub(super) fn assign_around(&mut self, name: &str, text: Setting, sources: Sources) {
        let mut values = self.set.get(name).map(|before| before.values.clone()).unwrap_or_default();
        values.push((UNSURE.to_vec(), sources));
        self.set_to(name, Variable { text, values, is_exported: true });
    }

    fn set_to(&mut self, name: &str, variable: Variable) {
        let before = self.put(name, variable);
        self.log.push((name.to_owned(), before));
    }

    /// Sets a variable only for the program that the command runs.
    pub(super) fn assign_own(&mut self, name: &str, text: Setting, sources: Sources) {
        // The effect of a substitution on the previous value is unknown.
        let branches = if text == Setting::Unknown { UNSURE.to_vec() } else { Vec::new() };
        let values = vec![(branches, sources)];
        self.own.push((name.to_owned(), Variable { text, values, is_exported: true }));
    }

    /// Exports a variable to the following programs.
    pub(super) fn export(&mut self, name: &str) {
        if self.exported.insert(name.to_owned()) && self.carriers.contains(name) {
            self.exported_carriers.insert(name.to_owned());
        }
    }

    /// Forgets the assignments of the finished command. Returns true if there were any.
    pub(super) fn drop_own(&mut self) -> bool {
        let had_some = !self.own.is_empty();
        self.own.clear();
        had_some
    }

    fn own(&self, name: &str, view: View) -> Option<&Variable> {
        let own = self.own.iter().rev().filter(|_| view == View::Program);
        own.into_iter().find(|(own, _)| own == name).map(|(_, variable)| variable)
    }

    /// Returns the possible sources of a variable's value, including the variable itself.
    pub(super) fn value(&self, name: &str, view: View) -> Sources {
        let named = || ValueSource::Variable { name: name.to_owned(), origin: None };
        let (own, set) = (self.own(name, view), self.set.get(name));
        if own.is_none() && set.is_none() {
            return self.given(name);
        }
        let mut sources = Sources::default();
        sources.add(named(), Certainty::Possible);
        for variable in own.into_iter().chain(set) {
            for (branches, value) in variable.values.iter().rev() {
                sources.extend(value);
                if self.branches.starts_with(branches) {
                    return sources;
                }
            }
        }
        // None of the assignments is certain to run.
        sources.extend(&self.given(name));
        sources
    }

    /// Returns the sources of the value that a variable has outside the script.
    fn given(&self, name: &str) -> Sources {
        let binding = self.scope.get(name);
        let source = ValueSource::Variable { name: name.to_owned(), origin: binding.map(|b| b.origin) };
        let mut sources = Sources::default();
        let mut holders = self.secrets.iter().filter(|secret| secret.mount.env.as_deref() == Some(name));
        let for_the_hub = holders.clone().find(|secret| secret.certainty == Certainty::Token);
        let secret = for_the_hub.or_else(|| holders.next());
        let is_token = for_the_hub.is_none() && binding.is_some_and(|b| b.value.carries_token);
        sources.add(source, if is_token { Certainty::Token } else { Certainty::Possible });
        if let Some(secret) = secret {
            sources.add(ValueSource::Secret(secret.number), secret.certainty);
        }
        sources
    }

    /// Returns the sources of a variable's value in a place where any value is a token.
    pub(super) fn password(&self, name: &str) -> Sources {
        self.value(name, View::Shell).tokens().or_else(|| {
            let binding = self.scope.get(name).filter(|_| !self.set.contains_key(name));
            let binding = binding.filter(|b| b.value.may_hold_something());
            let source = |origin| ValueSource::Variable { name: name.to_owned(), origin: Some(origin) };
            binding.map(|b| Sources::token(source(b.origin))).unwrap_or_default()
        })
    }

    /// Returns true if programs see the variable.
    pub(super) fn is_exported(&self, name: &str) -> bool {
        self.own(name, View::Program).is_some()
            || self.exported.contains(name)
            || self.set.get(name).is_some_and(|variable| variable.is_exported)
            || self.in_scope().contains(name)
            || self.secrets.iter().any(|secret| secret.mount.env.as_deref() == Some(name))
    }

    fn in_scope(&self) -> &BTreeSet<&'a str> {
        self.in_scope.get_or_init(|| self.scope.token_variables())
    }

    /// Returns the variables through which programs see a token, each with its sources.
    pub(super) fn exported_tokens(&self) -> impl Iterator<Item = (&str, Sources)> {
        let given = self.secrets.iter().filter_map(|secret| secret.mount.env.as_deref());
        let scope = self.in_scope().iter().copied().take(MAX_LOOKED_AT);
        let set = self.exported_carriers.iter().take(MAX_LOOKED_AT).map(String::as_str);
        let own = self.own.iter().map(|(name, _)| name.as_str());
        let names = given.chain(scope).chain(set).chain(own);
        names
            .map(|name| (name, self.value(name, View::Program).tokens()))
            .filter(|(_, tokens)| !tokens.have_no_token())
    }

    /// Returns the variables of the script that hold a token, whether programs see them or not.
    pub(super) fn carriers(&self) -> impl Iterator<Item = &str> {
        self.carriers.iter().take(MAX_LOOKED_AT).map(String::as_str)
    }

    /// Returns true if the script has set the variable.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// Returns the text of a variable.
    pub(super) fn setting(&self, name: &str, view: View) -> Setting {
        if let Some(variable) = self.own(name, view).or_else(|| self.set.get(name)) {
            return variable.text.clone();
        }
        match self.scope.get(name).map(|binding| binding.value) {
            None => Setting::Unset,
            // The library expands `~`. A remaining variable would have to come from the image.
            Some(value) if value.is_certain && !value.as_str().contains('$') => {
                match value.as_str().strip_prefix('~') {
                    Some(_) if name == "HOME" => Setting::Unknown,
                    Some(rest) => Setting::Known(format!("{}{rest}", self.home(view))),
                    None => Setting::Known(value.to_text()),
                }
            }
            Some(_) => Setting::Unknown,
        }
    }

    /// Returns the text that an instruction gives a variable, with whatever is not known in it.
    pub(super) fn written(&self, name: &str) -> Option<String> {
        self.scope.get(name).map(|binding| binding.value.to_text())
    }

    /// Returns the home directory.
    pub(super) fn home(&self, view: View) -> String {
        match self.setting("HOME", view) {
            Setting::Known(home) => return home,
            Setting::Unknown => return UNKNOWN_HOME.to_owned(),
            Setting::Unset => {}
        }
        let Some(user) = self.scope.user() else { return "/root".to_owned() };
        let name = user.as_str().split(':').next().unwrap_or_default();
        match name {
            _ if !user.is_certain => UNKNOWN_HOME.to_owned(),
            "" | "root" | "0" => "/root".to_owned(),
            "ContainerAdministrator" | "ContainerUser" => format!("/Users/{name}"),
            // The home directory of a user given by number is recorded in a file of the image.
            _ if name.bytes().all(|b| b.is_ascii_digit()) => UNKNOWN_HOME.to_owned(),
            _ => format!("/home/{name}"),
        }
    }
}
