//! A recognised token.

use sha2::{Digest as _, Sha256};

use super::Redacted;
use super::TokenHash;
use super::TokenSummary;
use super::claims;
use crate::hub::tokens::Body;
use crate::hub::tokens::Kind;
use crate::sensitive::Sensitive;

/// A recognised token. Its text cannot be shown. The [`summary`](Secret::summary) holds the data that may be
/// shown.
pub(crate) struct Secret {
    text: Sensitive,
    kind: &'static Kind,
}

impl Secret {
    pub(crate) fn new(text: &[u8], kind: &'static Kind) -> Self {
        Self { text: text.into(), kind }
    }

    /// Returns the kind, the redacted form and the hash.
    pub(crate) fn summary(&self) -> TokenSummary {
        let tail = self.text.get(self.text.len().saturating_sub(4)..).unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(&*self.text).into();
        TokenSummary {
            kind: self.kind.into(),
            redacted: Redacted(format!("{}…{}", self.kind.prefix, String::from_utf8_lossy(tail))),
            sha256: Some(TokenHash(hash)),
            expires_at: match self.kind.body {
                Body::WebToken => claims::expires_at(&self.text),
                Body::Letters => None,
            },
            expired: None,
        }
    }
}
