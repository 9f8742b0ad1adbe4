//! What may be said of a token once its text is gone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::hub::TokenKind;
use crate::timestamp::Timestamp;

/// A token's redacted form: prefix, `…`, last four characters. For an unknown token only `…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted(pub(crate) String);

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of a token's text, by which one token is recognised in many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub(crate) Digest);

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.hex())
    }
}

impl Serialize for TokenHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Digest::from_hex(&hex).map(Self).map_err(serde::de::Error::custom)
    }
}

/// All that a report says of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenSummary {
    /// The kind of credential.
    pub kind: TokenKind,
    /// The form that may be shown.
    pub redacted: Redacted,
    /// The hash; absent for an unknown token, since a short password's hash can be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<TokenHash>,
    /// When it expires, where the token itself says so. It follows from the text, so that it tells no two
    /// tokens apart that the hash does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether it has: told once for all findings of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
}

impl TokenSummary {
    /// What is said of a credential whose shape no pattern knows.
    pub fn unknown() -> Self {
        Self {
            kind: TokenKind::UNKNOWN,
            redacted: Redacted("…".to_owned()),
            sha256: None,
            expires_at: None,
            expired: None,
        }
    }
}
