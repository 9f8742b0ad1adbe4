//! The data about a token that remains after its text is gone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, ParseDigestError};
use crate::hub::TokenKind;
use crate::timestamp::Timestamp;

/// The redacted form of a token: the prefix, `…` and the last four characters. Only `…` for an unknown
/// token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted(pub(crate) String);

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of the text of a token. It identifies a token across places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub(crate) [u8; 32]);

impl FromStr for TokenHash {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = Digest::from_hex(text.strip_prefix("sha256:").unwrap_or(text))?;
        digest.sha256().map(Self).ok_or(ParseDigestError)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Digest::from_bytes(self.0).hex())
    }
}

impl Serialize for TokenHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// All information about a token in a report.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenSummary {
    /// The kind of credential.
    pub kind: TokenKind,
    /// The form that may be shown.
    pub redacted: Redacted,
    /// The hash. Absent for an unknown token, because a short password can be guessed from its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<TokenHash>,
    /// The expiry time, if the token states one. It follows from the text, so tokens with equal hashes have
    /// equal expiry times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether the token has expired. Decided once for all findings of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
}

impl TokenSummary {
    /// Returns the summary of a credential of unknown shape.
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
