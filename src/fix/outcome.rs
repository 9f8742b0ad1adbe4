//! The outcome of mending: the text, the secrets that a build needs, and the leaks that are left.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::finding::TokenKind;
use crate::mask::{Masked, mask};
use crate::rules::dockerfile::Hit;
use crate::text::Span;

/// A Dockerfile as it should be.
pub(crate) struct Mended {
    /// The text. It may hold tokens still: write it where the original lay, never show it.
    pub source: Zeroizing<Vec<u8>>,
    /// The secrets that the build is to be given now.
    pub secrets: BTreeSet<Secret>,
    /// The variables that the container is to be given when it starts, since the image no longer holds them.
    pub at_start: BTreeSet<String>,
    /// The kinds of token whose text stood in it: they have to be revoked all the same.
    pub kinds: BTreeSet<TokenKind>,
    /// How many leaks there were.
    pub found: usize,
    /// What is still wrong, in order of its place in the mended text.
    pub left: Vec<Left>,
}

/// A secret of a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// The name under which the Dockerfile knows it.
    pub id: String,
    /// The variable of whoever builds that holds it.
    pub variable: String,
}

impl Secret {
    /// What `docker build --secret` is given.
    pub(crate) fn argument(&self) -> Masked {
        mask(format!("id={},env={}", self.id, self.variable).as_bytes())
    }
}

/// A leak that was not mended.
pub(crate) struct Left {
    /// What the rules say of it.
    pub hit: Hit,
    /// Why it was left as it is; none where the rule's advice says it.
    pub why: Option<Masked>,
}

/// Something that is not mended, and why.
pub(super) struct Declined {
    pub(super) span: Span,
    pub(super) why: Masked,
}
