//! Where a login's token comes from: what its words, its pipe and its variables name.

use std::collections::BTreeSet;

use crate::detect;
use crate::dockerfile::{Mount, MountKind, Origin as From, Scope};
use crate::shell::{Step, StepKind, Word};
use crate::text::Text;

/// Where a token comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Literal,
    /// A mounted secret.
    Secret(Mount),
    Other,
}

/// What was found of a login's token.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    /// The variables that carry it.
    pub(crate) variables: BTreeSet<String>,
}

/// How many steps in front of a login are looked at for the variables it uses.
const MAX_BACK: usize = 48;
/// The variables that the Hub's tools read.
const READ: [&str; 2] = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];

/// Whether the Hub's tools find a token in the environment of a `RUN`.
pub(crate) fn is_in_environment(mounts: &[Mount], scope: Scope<'_>) -> bool {
    READ.iter().any(|name| {
        mounts.iter().any(|mount| mount.env.as_deref() == Some(*name))
            || scope.get(name).is_some_and(|b| b.origin == From::Env && b.value.may_hold_something())
    })
}

/// Looks for the token of the login at `step`.
pub(crate) fn origin(steps: &[Step], step: usize, mounts: &[Mount], scope: Scope<'_>) -> Origin {
    let mut texts: Vec<&Text> = Vec::new();
    let mut variables = BTreeSet::new();
    let take = |word: &Word, variables: &mut BTreeSet<String>| {
        variables.extend(word.variables.iter().cloned());
    };
    let near = steps.get(step.saturating_sub(1)..=step).unwrap_or_default();
    for near in near {
        match &near.kind {
            StepKind::Program { arguments, assignments, .. } => {
                let assigned = assignments.iter().chain(&near.environment).map(|(_, word)| word);
                for word in arguments.iter().chain(assigned).chain(&near.inputs) {
                    take(word, &mut variables);
                    texts.push(&word.text);
                }
            }
            StepKind::Python(text) => texts.push(text),
        }
    }
    let earlier = steps.get(..step).unwrap_or_default();
    for earlier in earlier.iter().rev().take(MAX_BACK) {
        let StepKind::Program { name, arguments, assignments } = &earlier.kind else { continue };
        for (name, word) in assignments {
            if variables.contains(name) {
                take(word, &mut variables);
                texts.push(&word.text);
            }
        }
        let names = |word: &&Word| {
            let text = word.text.to_str();
            variables.contains(text.split('=').next().unwrap_or_default())
        };
        let sets = match name.as_str() {
            "export" | "read" | "declare" | "typeset" | "local" => {
                arguments.iter().filter(names).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        if !sets.is_empty() {
            for word in sets.into_iter().chain(&earlier.inputs) {
                take(word, &mut variables);
                texts.push(&word.text);
            }
        }
    }
    let source = source(&texts, &variables, mounts, scope);
    Origin { source, variables }
}

fn source(texts: &[&Text], variables: &BTreeSet<String>, mounts: &[Mount], scope: Scope<'_>) -> Source {
    if texts.iter().any(|text| !detect::find(text.as_bytes()).is_empty()) {
        return Source::Literal;
    }
    let is_named = |mount: &&Mount| {
        let file = mount.target.as_deref().filter(|target| target.len() > 1);
        let is_written = |name: &str| texts.iter().any(|text| holds_word(&text.to_str(), name));
        file.is_some_and(is_written)
            || mount.env.as_deref().is_some_and(|name| variables.contains(name) || is_written(name))
    };
    let secrets = || mounts.iter().filter(|mount| mount.kind == MountKind::Secret);
    if let Some(secret) = secrets().find(is_named) {
        return Source::Secret(secret.clone());
    }
    let from_build =
        variables.iter().any(|name| scope.get(name).is_some_and(|binding| binding.value.carries_token));
    let in_environment =
        secrets().find(|mount| mount.env.as_deref().is_some_and(|name| READ.contains(&name)));
    match in_environment {
        Some(secret) if !from_build => Source::Secret(secret.clone()),
        _ => Source::Other,
    }
}

/// Whether a name or a path stands in a text, and not as a part of a longer one.
pub(crate) fn holds_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        })
}
