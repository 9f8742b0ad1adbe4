//! What the provenance of a build holds (BuildKit, `docs/attestations/slsa-definitions.md`). The mode `max` holds
//! every build argument, used or not, and the Dockerfile. The mode `min`, which is the default, holds the URLs that the
//! build fetched.

use super::hit::{Hit, left_in_provenance};
use super::{Context, literal_token, token_in_arg, token_in_env, token_in_url};
use crate::detect::TokenKind;
use crate::dockerfile::Keyword;
use crate::finding::Provenance;

/// Adds the provenance to what hits leave.
pub(super) fn add(context: &Context<'_>, hits: &mut [Hit]) {
    for hit in hits {
        let is_literal = hit.rule.id == literal_token::RULE.id
            || (hit.rule.id == token_in_env::RULE.id
                && hit.token.as_ref().is_some_and(|token| token.kind == TokenKind::UNKNOWN));
        let mode = if is_literal || hit.rule.id == token_in_arg::RULE.id {
            Provenance::Max
        } else if hit.rule.id == token_in_url::RULE.id && is_of_add(context, hit) {
            Provenance::Min
        } else {
            continue;
        };
        hit.leaves.push(left_in_provenance(mode));
    }
}

fn is_of_add(context: &Context<'_>, hit: &Hit) -> bool {
    context.holder(hit.span.start).is_some_and(|holder| holder.effective().keyword == Keyword::Add)
}
