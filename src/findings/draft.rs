//! Findings before they are put in order and numbered.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{
    Also, Confidence, Finding, Location, Masked, RuleId, TokenHash, TokenKind, TokenSummary, fingerprint,
};
use crate::rules::Rule;

/// A name longer than this is cut short in messages; its location has it whole.
const MAX_PLACE: usize = 300;

/// Where a finding stands in the report: image, layer (documents first), path bytes or field, offset.
pub(super) type Order = (usize, usize, Arc<[u8]>, u64);

/// A finding in the making.
pub(super) struct Draft {
    pub(super) order: Order,
    pub(super) rule: &'static Rule,
    pub(super) confidence: Confidence,
    pub(super) token: TokenSummary,
    /// Where, for the message: a path, a field.
    pub(super) place: Masked,
    /// What else there is to say of what to do.
    pub(super) advice: Option<String>,
    /// What the fingerprint takes for its place: a path or a field.
    pub(super) identity: Masked,
    pub(super) location: Location,
    pub(super) also: Vec<Also>,
}

/// Orders and numbers the findings of one target.
pub(super) fn finish(target: &Masked, mut drafts: Vec<Draft>) -> Vec<Finding> {
    drafts.sort_by(|a, b| (&a.order, a.rule.id).cmp(&(&b.order, b.rule.id)));
    let mut equals: HashMap<(RuleId, Option<TokenHash>, Masked), usize> = HashMap::new();
    // Help is long and mostly the same: findings share it.
    let mut helps: HashMap<(RuleId, TokenKind, Option<String>), Masked> = HashMap::new();
    let finding = |draft: Draft| {
        let hash = draft.token.sha256;
        let ordinal = equals.entry((draft.rule.id, hash, draft.identity.clone())).or_default();
        let number = *ordinal;
        *ordinal += 1;
        let kind = draft.token.kind;
        let help = helps.entry((draft.rule.id, kind, draft.advice)).or_insert_with_key(|(.., advice)| {
            let advice = advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
            Masked::own(format!("{}{advice}", draft.rule.fix.for_token(kind)))
        });
        let message = format!("{} in {}", kind.in_full(), draft.place.cut(MAX_PLACE));
        Finding {
            rule: draft.rule.id,
            severity: draft.rule.severity,
            confidence: draft.confidence,
            message: crate::detect::mask(message.as_bytes()),
            help: help.clone(),
            fingerprint: fingerprint(draft.rule.id, hash.as_ref(), "", draft.identity.as_str(), number),
            token: Some(draft.token),
            target: target.clone(),
            location: draft.location,
            also: draft.also,
            related: Vec::new(),
            leaves: Vec::new(),
        }
    };
    drafts.into_iter().map(finding).collect()
}
