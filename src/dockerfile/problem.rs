//! What is wrong with a Dockerfile.

use crate::finding::Masked;
use crate::text::Span;

/// Something that BuildKit would reject the file for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub span: Span,
    /// What is wrong, without a full stop.
    pub message: Masked,
}

impl Problem {
    /// A problem with a message of our own.
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: Masked::own(message) }
    }

    /// A problem that quotes the file behind the message, cut and masked.
    pub(super) fn quoting(span: Span, message: &str, quoted: &crate::text::Text) -> Self {
        Self::new(span, format!("{message}: {}", crate::detect::quote(quoted.as_bytes())))
    }
}
