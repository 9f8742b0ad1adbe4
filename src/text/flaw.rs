//! Something that is wrong with a source text.

use super::Span;
use crate::fault::Code;
use crate::mask::{Message, Quoted, message};

/// A part of a source text that its parser could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The bytes that it is about.
    pub(crate) span: Span,
    /// Its kind: `Corrupt` for text that every parser refuses, `Limit` for a limit of ours.
    pub(crate) code: Code,
    /// What is wrong: a sentence without a full stop.
    pub(crate) message: Message,
}

impl Flaw {
    /// Text that every parser refuses.
    pub(crate) fn new(span: Span, message: Message) -> Self {
        Self { span, code: Code::Corrupt, message }
    }

    /// Text that a limit of ours keeps from being read.
    pub(crate) fn limit(span: Span, message: Message) -> Self {
        Self { code: Code::Limit, ..Self::new(span, message) }
    }

    /// Text that every parser refuses, quoted after the message.
    pub(crate) fn quoting(span: Span, message: &'static str, quoted: &[u8]) -> Self {
        Self::new(span, message!("{}: {}", Message::own(message), Quoted(quoted)))
    }

    /// Whether a limit of ours is the reason.
    pub(crate) fn is_limit(&self) -> bool {
        self.code == Code::Limit
    }
}
