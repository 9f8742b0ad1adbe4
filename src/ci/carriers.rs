//! Which variables are given a token, and what their values go into.

use std::collections::HashSet;

use super::BuildArgument;
use crate::detect;

/// The variables that are known to hold a token, beside those whose names say so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carriers {
    names: HashSet<String>,
}

/// How many variables of one place are remembered.
const MAX_NAMES: usize = 1024;

impl Carriers {
    /// Takes what a variable is given. What it was given before in another branch may still count.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if self.names.len() < MAX_NAMES && self.carries(value) {
            self.names.insert(name.to_owned());
        }
    }

    /// Takes a variable that is given something else now.
    pub(crate) fn unset(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Whether a variable holds a token.
    pub(crate) fn has(&self, name: &str) -> bool {
        detect::is_token_variable(name) || self.names.contains(name)
    }

    /// Whether a text holds a token, or the value of a variable that does goes into it: `$HF_TOKEN`, `${HF_TOKEN:-x}`,
    /// `${localEnv:HF_TOKEN}`. What is only said where there is one (`${HF_TOKEN:+yes}`) does not count.
    pub(crate) fn carries(&self, text: &str) -> bool {
        let names = text.split('$').skip(1).any(|rest| {
            let (rest, is_braced) = match rest.strip_prefix(['{', '(']) {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let rest = rest.strip_prefix("localEnv:").or_else(|| rest.strip_prefix("env:")).unwrap_or(rest);
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let is_asked = is_braced && (behind.starts_with(":+") || behind.starts_with('+'));
            self.has(name) && !is_asked
        });
        names || !detect::find(text.as_bytes()).is_empty()
    }

    /// Marks a build argument whose value is a token by way of these variables.
    pub(crate) fn mark(&self, argument: &mut BuildArgument) {
        argument.carries = match &argument.value {
            Some(value) => self.carries(&value.to_str()),
            None => self.has(&argument.name.to_str()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_from_variable_to_variable() {
        let mut carriers = Carriers::default();
        carriers.set("A", "x-$HF_TOKEN");
        carriers.set("B", "${A:-}");
        carriers.set("C", "${A:+yes}");
        assert!(carriers.carries("${B}") && !carriers.carries("$C"));
        carriers.unset("A");
        assert!(!carriers.carries("$A") && carriers.carries("$HF_TOKEN"));
    }
}
