//! Errors in a source text.

use super::Span;
use crate::fault::Code;
use crate::mask::{Message, Quoted, message};

/// A part of a source text that its parser could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The affected bytes.
    pub(crate) span: Span,
    /// The kind of the flaw: `Corrupt` for text that every parser refuses, `Limit` for a limit of stowaway.
    pub(crate) code: Code,
    /// A description of the flaw: a sentence without a full stop.
    pub(crate) message: Message,
}

impl Flaw {
    /// Describes text that every parser refuses.
    pub(crate) fn new(span: Span, message: Message) -> Self {
        Self { span, code: Code::Corrupt, message }
    }

    /// Describes text that a limit of stowaway keeps from being read.
    pub(crate) fn limit(span: Span, message: Message) -> Self {
        Self { code: Code::Limit, ..Self::new(span, message) }
    }

    /// Describes text that every parser refuses, and quotes it after the message.
    pub(crate) fn quoting(span: Span, message: &'static str, quoted: &[u8]) -> Self {
        Self::new(span, message!("{}: {}", Message::own(message), Quoted(quoted)))
    }

    /// Returns true if a limit of stowaway is the reason.
    pub(crate) fn is_limit(&self) -> bool {
        self.code == Code::Limit
    }
}
