//! Where the Hub is.

/// The page on which a token is revoked.
pub(super) const REVOKE: &str = "https://huggingface.co/settings/tokens";
