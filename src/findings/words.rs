//! Wording shared by several kinds of findings.

use crate::finding::Severity;
use crate::hub::TokenKind;
use crate::mask::{Message, message};
use crate::rules::Rule;

/// Returns the name of a token's kind, for the start of a message.
pub(super) fn describe(kind: TokenKind) -> Message {
    message!("{} {}", Message::own(kind.vendor_name()), Message::own(kind.name()))
}

/// Returns the name of a token in a file of a directory, for the start of a message.
pub(super) fn describe_in_tree(kind: TokenKind) -> Message {
    match kind.known() {
        Some(_) => message!("{} token", Message::own(kind.vendor_name())),
        None => describe(kind),
    }
}

/// Returns the severity of a finding in content that was published. A value that only a name in a text marks as a
/// token is less certain.
pub(super) fn severity_of(rule: &Rule, is_named: bool) -> Severity {
    if is_named { rule.severity.min(Severity::High) } else { rule.severity }
}
