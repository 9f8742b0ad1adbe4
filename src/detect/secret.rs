//! The one type that holds token text.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::claims;
use crate::finding::{Digest, Redacted, TokenHash, TokenSummary};
use crate::hub::tokens::{Body, Kind};

/// Token text. It can be neither printed nor serialised, and is zeroized when dropped; what may be said
/// of it is its [`summary`](Secret::summary).
pub(crate) struct Secret {
    text: Zeroizing<Vec<u8>>,
    kind: &'static Kind,
}

impl Secret {
    pub(crate) fn new(text: &[u8], kind: &'static Kind) -> Self {
        Self { text: Zeroizing::new(text.to_vec()), kind }
    }

    /// Kind, redacted form and hash.
    pub(crate) fn summary(&self) -> TokenSummary {
        let tail = self.text.get(self.text.len().saturating_sub(4)..).unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(&*self.text).into();
        TokenSummary {
            kind: self.kind.into(),
            redacted: Redacted(format!("{}…{}", self.kind.prefix, String::from_utf8_lossy(tail))),
            sha256: Some(TokenHash(Digest::from_bytes(hash))),
            expires_at: match self.kind.body {
                Body::WebToken => claims::expires_at(&self.text),
                Body::Letters => None,
            },
            expired: None,
        }
    }
}
