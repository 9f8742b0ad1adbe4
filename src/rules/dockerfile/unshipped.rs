//! Messages about what is in the final image in part only.

use super::hit::{Hit, Remark};
use super::{token_in_arg, token_in_env, token_in_url};
use crate::mask::{Message, message};

/// Takes out of a message what is not true of the final image, because the stage of the hit does not reach it or a later
/// instruction sets the variable anew. The remarks say what is true.
pub(super) fn reword(hit: &mut Hit) {
    let is_partial =
        |remark: &Remark| matches!(remark, Remark::StaysInBuildCache { .. } | Remark::SetAnew(_));
    if !hit.remarks.iter().any(is_partial) {
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
