//! Messages about stages that do not reach the final image.

use super::hit::{Hit, Remark};
use super::{token_in_arg, token_in_env, token_in_url};
use crate::mask::{Message, message};

/// Takes out of a message what is true of the final image alone, if the stage of the hit does not reach it.
pub(super) fn reword(hit: &mut Hit) {
    if !hit.remarks.iter().any(|remark| matches!(remark, Remark::StaysInBuildCache { .. })) {
        return;
    }
    let subject = &hit.subject;
    let message = match hit.rule.id {
        id if id == token_in_arg::RULE.id => message!("`{}` is a build argument for a token", subject),
        id if id == token_in_env::RULE.id => message!("`{}` is given a token", subject),
        id if id == token_in_url::RULE.id => Message::own("a command is given a URL with a token in it"),
        _ => return,
    };
    hit.message = message;
}
