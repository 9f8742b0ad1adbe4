//! How to fix what a rule finds, for tokens of any vendor.

use crate::finding::TokenKind;

/// How to fix it: a short paragraph, with `{revoke}` where the address of the page belongs on which the token is revoked.
#[derive(Debug, Clone, Copy)]
pub struct Remedy(pub(crate) &'static str);

impl Remedy {
    /// The paragraph for a token of that kind.
    pub fn for_token(self, kind: TokenKind) -> String {
        self.0.replace("{revoke}", kind.revoke_address())
    }

    /// The paragraph where no token is in question: with the address for tokens of the Hub.
    pub fn in_general(self) -> String {
        self.for_token(TokenKind::UNKNOWN)
    }
}
