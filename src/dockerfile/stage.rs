//! Build stages, and how they are named.

use crate::text::{Span, Text};

/// A build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Its number, from 0.
    pub index: usize,
    /// Its name, in lower case as BuildKit compares names. Compare it, never show it: the mask does not know
    /// a token whose case was folded.
    pub name: Option<String>,
    /// Its name as it is written, for reports.
    pub written: Option<Text>,
    /// What it is built from.
    pub base: Base,
    /// Its `FROM`.
    pub span: Span,
}

/// What a stage is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// An image, `scratch` included: the reference, with variables replaced by their defaults.
    Image(String),
    /// An earlier stage, by number.
    Stage(usize),
}

/// The last of the stages that has this name.
pub(super) fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    stages.iter().rev().find(|stage| stage.name.as_deref() == Some(name.as_str())).map(|s| s.index)
}

/// The stage that `--from` names, by name or number, among those in front of `before`.
pub(crate) fn find_from(stages: &[Stage], name: &str, before: usize) -> Option<usize> {
    let earlier = stages.get(..before.min(stages.len())).unwrap_or_default();
    find(earlier, name).or_else(|| name.parse().ok().filter(|&index: &usize| index < earlier.len()))
}
