//! Wording shared by several kinds of findings.

use crate::hub::TokenKind;
use crate::mask::{Message, message};

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
