//! A token that was recognised.

use sha2::{Digest as _, Sha256};

use super::claims;
use super::{Redacted, TokenHash, TokenKind, TokenSummary};
use crate::digest::Digest;
use crate::sensitive::Sensitive;

/// A recognised token. Its text cannot be shown; the [`summary`](Secret::summary) is what may be said of it.
pub(crate) struct Secret {
    text: Sensitive,
    kind: TokenKind,
}

impl Secret {
    pub(crate) fn new(text: &[u8], kind: TokenKind) -> Self {
        Self { text: text.into(), kind }
    }

    /// Kind, redacted form and hash. An unknown token has no hash, since a short password's can be
    /// guessed, and shows no character.
    pub(crate) fn summary(&self) -> TokenSummary {
        let prefix = match self.kind {
            TokenKind::UserAccessToken => "hf_",
            TokenKind::OrganizationToken => "api_org_",
            TokenKind::OauthAccessToken => "hf_oauth_",
            TokenKind::OauthRefreshToken => "hf_oauth__refresh_",
            TokenKind::OidcToken => "hf_jwt_",
            TokenKind::Unknown => return TokenSummary::unknown(),
        };
        let tail = self.text.get(self.text.len().saturating_sub(4)..).unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(&*self.text).into();
        let is_web = matches!(self.kind, TokenKind::OauthAccessToken | TokenKind::OidcToken);
        TokenSummary {
            kind: self.kind,
            redacted: Redacted(format!("{prefix}…{}", String::from_utf8_lossy(tail))),
            sha256: Some(TokenHash(Digest::from_bytes(hash))),
            expires_at: if is_web { claims::expires_at(&self.text) } else { None },
            expired: None,
        }
    }
}
