//! Values of variables, and what is known of them.

use zeroize::Zeroizing;

use super::placeholder::is_placeholder;

/// The maximum length of an expanded value in bytes. `ENV A=$A$A` doubles the value each time. A longer
/// value is truncated and no longer certain.
const MAX_LEN: usize = 8 << 10;

/// A value, as far as it is known. It may hold a token, so it is wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    text: Zeroizing<String>,
    /// Whether the build cannot change the text, that is, no build argument is part of it.
    pub is_certain: bool,
    /// Whether the text may contain the value of a token variable or token text.
    pub carries_token: bool,
}

impl Value {
    /// Returns a value that is written in the file.
    pub(crate) fn literal(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), is_certain: true, carries_token: false }
    }

    /// Returns the text according to the file, with the defaults of build arguments. Compare it, never show
    /// it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text if no build can change it, and otherwise an empty string.
    pub(crate) fn certain_text(&self) -> &str {
        if self.is_certain { &self.text } else { "" }
    }

    /// Returns a copy of the text.
    pub(crate) fn to_text(&self) -> String {
        self.text.as_str().to_owned()
    }

    /// Returns true if the value can be something other than empty or a placeholder.
    pub(crate) fn may_hold_something(&self) -> bool {
        !self.is_certain || !is_placeholder(&self.text)
    }

    /// Whether the text is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The value where the build decides whether it holds.
    pub(super) fn uncertain(self) -> Self {
        Self { is_certain: false, ..self }
    }

    pub(super) fn push(&mut self, c: char) {
        self.text.push(c);
    }

    pub(super) fn append(&mut self, other: &Self) {
        let room = MAX_LEN.saturating_sub(self.text.len());
        let fitting = other.text.len().min(room);
        let fitting = (0..=fitting).rev().find(|&at| other.text.is_char_boundary(at)).unwrap_or(0);
        self.text.push_str(other.text.get(..fitting).unwrap_or_default());
        self.is_certain &= other.is_certain && fitting == other.text.len();
        self.carries_token |= other.carries_token;
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Value")
            .field("is_certain", &self.is_certain)
            .field("carries_token", &self.carries_token)
            .finish_non_exhaustive()
    }
}
