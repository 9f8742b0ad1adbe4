//! Tokens that their issuers made public on purpose.

use super::TokenHash;
use crate::hub::tokens::PUBLIC;

/// Whether a token is one that is public on purpose.
pub(super) fn is_public(hash: &TokenHash) -> bool {
    PUBLIC.contains(&hash.to_string().as_str())
}
