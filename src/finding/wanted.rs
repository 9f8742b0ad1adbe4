//! The search for certain tokens.

use std::collections::BTreeSet;

use super::{Report, TokenHash};
use crate::detect;

/// Returns the hashes of the tokens in a text.
pub(crate) fn tokens_in(text: &[u8]) -> BTreeSet<TokenHash> {
    detect::find(text).into_iter().filter_map(|occurrence| occurrence.token.sha256).collect()
}

impl Report {
    /// Returns true if the findings are those of certain tokens alone, and none of them is there.
    pub(crate) fn has_none_of_the_wanted(&self) -> bool {
        !self.wanted.is_empty() && self.findings.is_empty()
    }
}
