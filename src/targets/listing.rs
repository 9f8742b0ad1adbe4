//! The choice of the images that a target stands for.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::source::Reference;

/// The images that a target stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// Whether an engine without the name of an image stands for all of its images.
    pub(crate) all_images: bool,
    /// Whether a target is a registry or a namespace in one, and stands for all of its repositories.
    pub(crate) catalog: bool,
    /// The tags of each repository. `None` for the one that the target names, or all in a catalog.
    pub(crate) tags: Option<Tags>,
}

/// A choice of tags.
#[derive(Debug, Clone)]
pub(crate) enum Tags {
    All,
    Matching(GlobSet),
}

impl Tags {
    /// Chooses the tags that match one of the patterns.
    ///
    /// # Errors Returns the message for a pattern that is not valid.
    pub(crate) fn matching(patterns: &[String]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(Glob::new(pattern).map_err(|error| format!("{pattern}: {}", error.kind()))?);
        }
        set.build().map(Self::Matching).map_err(|error| error.to_string())
    }

    pub(super) fn takes(&self, reference: &Reference) -> bool {
        match self {
            Self::All => true,
            Self::Matching(set) => reference.tag.as_ref().is_some_and(|tag| set.is_match(tag)),
        }
    }
}
