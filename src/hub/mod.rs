//! All that is Hugging Face's, as tables: kinds of token, and where they are revoked. The rooms above read bytes and
//! apply the tables; no other room names anything of the Hub's in its code.

mod addresses;
mod kind;
pub(crate) mod tokens;

pub use kind::TokenKind;
