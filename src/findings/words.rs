//! Words that several kinds of findings use.

use crate::detect::TokenKind;

/// A token by its kind, as a message begins with it.
pub(super) fn describe(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::UserAccessToken => "Hugging Face user access token",
        TokenKind::OrganizationToken => "Hugging Face organization token",
        TokenKind::OauthAccessToken => "Hugging Face OAuth access token",
        TokenKind::OauthRefreshToken => "Hugging Face OAuth refresh token",
        TokenKind::OidcToken => "Hugging Face trusted-publisher token",
        TokenKind::Unknown => "Hugging Face credential of unknown shape",
    }
}

/// A token in a file of a directory, as a message begins with it.
pub(super) fn describe_in_tree(kind: TokenKind) -> &'static str {
    if kind == TokenKind::Unknown { describe(kind) } else { "Hugging Face token" }
}
