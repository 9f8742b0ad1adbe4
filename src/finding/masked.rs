//! Text from outside that has been through the mask.

use std::fmt;

use serde::Serialize;

/// Text in which every token has been replaced by its redacted form.
///
/// Made by [`crate::detect::mask`] from foreign bytes; text that stowaway itself wrote becomes one by
/// [`Masked::own`]. Control characters are still in it: whoever shows it escapes them for the medium.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// Text that is stowaway's own, with nothing foreign in it.
    pub fn own(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the masker alone: text that has been masked.
    pub(crate) fn from_masker(text: String) -> Self {
        Self(text)
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
