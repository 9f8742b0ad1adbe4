//! How to fix what a rule finds, for tokens of any vendor.

use crate::hub::TokenKind;
use crate::mask::Message;

/// How to fix it: a short paragraph, with [`Fix::REVOKE`] where the address of the page belongs on which the token is
/// revoked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fix(pub(crate) &'static str);

impl Fix {
    const REVOKE: &'static str = "{revoke}";

    /// The paragraph for a token of that kind.
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

    /// The paragraph where no token is in question: with the address for tokens of the Hub.
    pub(crate) fn in_general(self) -> String {
        self.0.replace(Self::REVOKE, TokenKind::UNKNOWN.revoke_address())
    }
}
