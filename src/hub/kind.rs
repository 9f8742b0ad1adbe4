//! The kind of a token in reports and remembered verdicts.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize, de};

use super::tokens::{HUGGING_FACE, KINDS, Kind, Vendor};

/// The kind of credential that a token is, recognised by its prefix: a row of the table of kinds, or
/// unknown. Kinds are ordered as in the table, with the unknown kind last.
#[derive(Clone, Copy)]
pub struct TokenKind(Option<&'static Kind>);

/// The id of the kind that has no row.
const UNKNOWN: &str = "unknown";

impl TokenKind {
    /// A credential of unknown shape, recognised by its location.
    pub const UNKNOWN: Self = Self(None);

    /// Returns the kind with the given id.
    pub fn from_id(id: &str) -> Option<Self> {
        let known = KINDS.iter().find(|kind| kind.id == id).map(Self::from);
        known.or_else(|| (id == UNKNOWN).then_some(Self::UNKNOWN))
    }

    /// Returns the id, which is stable across versions.
    pub fn id(self) -> &'static str {
        self.0.map_or(UNKNOWN, |kind| kind.id)
    }

    /// Returns the row in the table, if the shape is known.
    pub(crate) fn known(self) -> Option<&'static Kind> {
        self.0
    }

    /// Returns the name in a message, after the name of the vendor: `user access token`.
    pub(crate) fn name(self) -> &'static str {
        self.0.map_or(UNKNOWN_NAME, |kind| kind.name)
    }

    /// Returns the name of the issuer: `Hugging Face`.
    pub(crate) fn vendor_name(self) -> &'static str {
        self.vendor().name
    }

    /// Returns the name in a heading: `user access token`.
    pub(crate) fn heading(self) -> &'static str {
        self.0.map_or(UNKNOWN_NAME, |kind| kind.heading)
    }

    /// Returns true if the login that stores such a token also stores another token that renews it.
    pub(crate) fn is_renewed(self) -> bool {
        self.0.is_some_and(|kind| kind.is_renewed)
    }

    /// Returns the address of the page on which a token of this kind is revoked.
    pub fn revoke_address(self) -> &'static str {
        self.vendor().revoke
    }

    /// Returns the vendor. Credentials of unknown shape belong to the Hub, because they are recognised by
    /// the places in which Hub tools keep them.
    fn vendor(self) -> Vendor {
        self.0.map_or(HUGGING_FACE, |kind| kind.vendor)
    }

    fn rank(self) -> usize {
        let row = |known: &Kind| KINDS.iter().position(|kind| kind.id == known.id);
        self.0.and_then(row).unwrap_or(KINDS.len())
    }
}

const UNKNOWN_NAME: &str = "credential of unknown shape";

impl From<&'static Kind> for TokenKind {
    fn from(kind: &'static Kind) -> Self {
        Self(Some(kind))
    }
}

impl fmt::Debug for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl PartialEq for TokenKind {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for TokenKind {}

impl Hash for TokenKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl Ord for TokenKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for TokenKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for TokenKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for TokenKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl de::Visitor<'_> for Id {
            type Value = TokenKind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a kind of token")
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<TokenKind, E> {
                TokenKind::from_id(id).ok_or_else(|| E::custom("an unknown kind of token"))
            }
        }
        deserializer.deserialize_str(Id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::tokens::made_up;

    fn all() -> Vec<TokenKind> {
        KINDS.iter().map(TokenKind::from).chain([TokenKind::UNKNOWN]).collect()
    }

    #[test]
    fn a_kind_is_written_as_its_id_and_read_back() {
        for kind in all() {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(text, format!("\"{}\"", kind.id()));
            assert_eq!(serde_json::from_str::<TokenKind>(&text).unwrap(), kind);
            let bytes = postcard::to_allocvec(&kind).unwrap();
            assert_eq!(postcard::from_bytes::<TokenKind>(&bytes).unwrap(), kind);
        }
        assert!(serde_json::from_str::<TokenKind>("\"another\"").is_err());
    }

    #[test]
    fn kinds_are_in_the_order_of_the_table() {
        let kinds = all();
        assert!(kinds.is_sorted_by(|a, b| a < b));
        assert_eq!(kinds.iter().max(), Some(&TokenKind::UNKNOWN));
    }

    /// The schema lists the kinds of every report.
    #[test]
    fn the_schema_has_every_kind() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
        let listed = schema.pointer("/$defs/token/properties/kind/enum").expect("a list of kinds");
        let shipped = made_up::shipped().iter().map(|kind| kind.id);
        let kinds: Vec<&str> = shipped.chain([UNKNOWN]).collect();
        assert_eq!(listed, &serde_json::json!(kinds));
    }
}
