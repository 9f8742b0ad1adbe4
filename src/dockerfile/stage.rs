//! Build stages, and how they are named.

use crate::text::{Span, Text};

/// A build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Its index, starting at 0.
    pub index: usize,
    /// Its name in lower case, because BuildKit ignores the case of names. Compare it, never show it:
    /// masking does not recognize a token whose case was changed.
    pub name: Option<String>,
    /// Its name as written, for reports.
    pub written: Option<Text>,
    /// The base of the stage.
    pub base: Base,
    /// The span of its `FROM`.
    pub span: Span,
}

/// The base of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// An image, which may be `scratch`: its reference, with variables replaced by their defaults.
    Image(String),
    /// An earlier stage, by index.
    Stage(usize),
}

impl Base {
    /// Returns the user of an image for Windows, unless the image sets another one. Returns `None` for other images.
    pub(crate) fn windows_user(&self) -> Option<&'static str> {
        let Self::Image(image) = self else { return None };
        let image = image.to_ascii_lowercase();
        let has = |name: &str| {
            image.split(['/', ':', '@']).any(|part| part == name || part.split('-').any(|word| word == name))
        };
        if has("nanoserver") {
            return Some("ContainerUser");
        }
        let is_server = ["servercore", "windowsservercore"].into_iter().any(has)
            || image.split(['/', ':', '@']).any(|part| part == "windows");
        is_server.then_some("ContainerAdministrator")
    }
}

/// Returns the last stage with this name.
pub(super) fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    stages.iter().rev().find(|stage| stage.name.as_deref() == Some(name.as_str())).map(|s| s.index)
}

/// Returns the stage that `--from` names, by name or number, among the stages before `before`.
pub(crate) fn find_from(stages: &[Stage], name: &str, before: usize) -> Option<usize> {
    let earlier = stages.get(..before.min(stages.len())).unwrap_or_default();
    find(earlier, name).or_else(|| name.parse().ok().filter(|&index: &usize| index < earlier.len()))
}
