//! Text from outside that has been through the mask.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Text in which every token has been replaced by its redacted form.
///
/// Made by [`crate::detect::mask`] from foreign bytes; text that stowaway itself wrote becomes one by
/// [`Masked::own`]. Control characters are still in it: whoever shows it escapes them for the medium.
/// Cheap to clone: one command or name stands in many findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Masked(Arc<str>);

impl Masked {
    /// Text that is stowaway's own, with nothing foreign in it.
    pub fn own(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// For the masker alone: text that has been masked.
    pub(crate) fn from_masker(text: String) -> Self {
        Self(text.into())
    }

    /// The text, cut short behind `limit` bytes where it is longer.
    pub(crate) fn cut(&self, limit: usize) -> Self {
        if self.0.len() <= limit {
            return self.clone();
        }
        let end = self.0.floor_char_boundary(limit);
        Self(format!("{}…", self.0.get(..end).unwrap_or_default()).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
