//! The outcome of mending: the text, the secrets that a build needs, and the leaks that are left.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::finding::TokenKind;
use crate::mask::{Masked, mask};
use crate::rules::dockerfile::Hit;
use crate::rules::dockerfile::logins::variable_of;
use crate::text::Span;

/// A mended Dockerfile.
pub(crate) struct Mended {
    /// The text. It may still hold tokens: write it to the original path, never show it.
    pub source: Zeroizing<Vec<u8>>,
    /// The secrets that the build now needs.
    pub secrets: BTreeSet<Secret>,
    /// The variables that the container needs at start, because the image no longer holds them.
    pub at_start: BTreeSet<String>,
    /// The kinds of token whose text was in the file. These tokens still have to be revoked.
    pub kinds: BTreeSet<TokenKind>,
    /// The number of leaks before mending.
    pub found: usize,
    /// The remaining leaks, sorted by their position in the mended text.
    pub left: Vec<Left>,
}

/// A secret of a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// The id of the secret in the Dockerfile.
    pub id: String,
    /// The variable in the environment of the build's caller that holds the secret.
    pub variable: String,
}

impl Secret {
    /// Returns the secret with this id. `variable` holds it unless the id is a name of variables.
    pub(super) fn new(id: String, variable: &str) -> Self {
        let variable = variable_of(&id, variable).to_owned();
        Self { id, variable }
    }

    /// Returns the argument of `docker build --secret`.
    pub(crate) fn argument(&self) -> Masked {
        mask(format!("id={},env={}", self.id, self.variable).as_bytes())
    }
}

/// A leak that was not mended.
pub(crate) struct Left {
    /// The hit of the rule.
    pub hit: Hit,
    /// The reason why the leak was not mended, or `None` if the advice of the rule covers it.
    pub why: Option<Masked>,
}

/// Something that is not mended, with the reason.
pub(super) struct Declined {
    pub(super) span: Span,
    pub(super) why: Masked,
}
