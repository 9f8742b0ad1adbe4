//! Instructions on how to fix findings, for tokens of any vendor.

use crate::hub::TokenKind;
use crate::mask::Message;

/// A short paragraph on how to fix a finding. [`Fix::REVOKE`] is a placeholder for the address of the page
/// on which the token is revoked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fix(pub(crate) &'static str);

impl Fix {
    const REVOKE: &'static str = "{revoke}";

    /// Returns the paragraph for a token of that kind.
    pub(crate) fn for_token(self, kind: TokenKind) -> Message {
        let mut message = Message::default();
        for (number, part) in self.0.split(Self::REVOKE).enumerate() {
            if number > 0 {
                message.append(&Message::own(kind.revoke_address()));
            }
            message.append(&Message::own(part));
        }
        message
    }

    /// Returns the paragraph for no particular token. The address is that for tokens of the Hub.
    pub(crate) fn in_general(self) -> String {
        self.0.replace(Self::REVOKE, TokenKind::UNKNOWN.revoke_address())
    }
}
