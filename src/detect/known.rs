//! Tokens that their issuers published on purpose.

use super::TokenHash;
use crate::hub::tokens::PUBLIC;

/// Returns true if the token was published on purpose.
pub(super) fn is_public(hash: &TokenHash) -> bool {
    PUBLIC.contains(&hash.to_string().as_str())
}
