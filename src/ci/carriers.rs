//! Tracks the variables that are given a token, and the values that use them.

use std::collections::HashSet;

use super::BuildArgument;
use crate::detect;

/// The variables that are known to hold a token, in addition to those whose names imply it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carriers {
    names: HashSet<String>,
}

/// The maximum number of variables that are remembered for one place.
const MAX_NAMES: usize = 1024;

impl Carriers {
    /// Records the assignment of a variable. Its previous value in another branch may still apply.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if self.names.len() < MAX_NAMES && self.carries(value) {
            self.names.insert(name.to_owned());
        }
    }

    /// Records that a variable no longer holds a token.
    pub(crate) fn unset(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Returns true if a variable holds a token.
    pub(crate) fn has(&self, name: &str) -> bool {
        detect::is_token_variable(name) || self.names.contains(name)
    }

    /// Returns true if a text contains a token or expands a variable that holds one: `$HF_TOKEN`,
    /// `${HF_TOKEN:-x}` or `${localEnv:HF_TOKEN}`. Text that only depends on the existence of a token
    /// (`${HF_TOKEN:+yes}`) does not count.
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

    /// Marks a build argument if its value is a token because of these variables.
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
