//! The replacement for a login or a build argument in a file that builds: the change of the file itself, of the
//! Dockerfile, and of what gives the token to the step.

mod argument;
mod environment;
mod login;

pub(super) use argument::for_argument;
pub(super) use login::for_login;

use crate::finding::TokenSummary;
use crate::mask::Message;
use crate::mask::mask;
use crate::mask::message;

/// Returns true if a text is a name that can be shown in a sentence as it is.
fn is_short_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && mask(name.as_bytes()).as_str() == name
}

fn revoke(token: &TokenSummary) -> Message {
    message!("Revoke the token at {}. ", Message::own(token.kind.revoke_address()))
}
