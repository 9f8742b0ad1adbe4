//! Triggers that no stage of the file runs: a build of the file leaves their text, and nothing of what they do.

use super::hit::Remark;
use super::{Context, Hit};
use crate::finding::Where;

/// Drops what a waiting trigger leaves only in the images that are based on this one.
pub(super) fn forecast(context: &Context<'_>, hit: &mut Hit) {
    let holder = context.holder(hit.span.start);
    if !holder.is_some_and(|instruction| context.is_waiting(instruction)) {
        return;
    }
    let is_text = hit.token.is_some();
    hit.leaves.retain(|left| is_text && matches!(left.place, Where::Config | Where::History));
    hit.remarks.push(if is_text { Remark::TriggerText } else { Remark::Trigger });
}
