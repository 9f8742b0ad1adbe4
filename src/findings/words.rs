//! Words that several kinds of findings use.

use crate::hub::TokenKind;
use crate::mask::{Message, message};

/// A token by its kind, as a message begins with it.
pub(super) fn describe(kind: TokenKind) -> Message {
    message!("{} {}", Message::own(kind.vendor_name()), Message::own(kind.name()))
}

/// A token in a file of a directory, as a message begins with it.
pub(super) fn describe_in_tree(kind: TokenKind) -> Message {
    match kind.known() {
        Some(_) => message!("{} token", Message::own(kind.vendor_name())),
        None => describe(kind),
    }
}
