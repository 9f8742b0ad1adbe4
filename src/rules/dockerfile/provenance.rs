//! Tokens in the provenance of a build (BuildKit, `docs/attestations/slsa-definitions.md`). The mode `max` holds
//! every build argument, used or not, and the Dockerfile. The mode `min`, which is the default, holds the URLs that the
//! build fetched, without their userinfo.

use std::collections::BTreeSet;

use super::hit::{Hit, Remark, left_in_provenance};
use super::{Context, literal_token, token_in_arg, token_in_env, token_in_url};
use crate::detect::TokenKind;
use crate::dockerfile::{Instruction, Keyword};
use crate::effects::expanded;
use crate::finding::Provenance;
use crate::text::Text;

/// Adds the provenance to what hits leave.
pub(super) fn add(context: &Context<'_>, hits: &mut [Hit]) {
    let fetched = fetched(context);
    for hit in hits {
        let holder = context.holder(hit.span.start);
        let is_literal = hit.rule.id == literal_token::RULE.id
            || (hit.rule.id == token_in_env::RULE.id
                && hit.token.as_ref().is_some_and(|token| token.kind == TokenKind::UNKNOWN));
        let is_variable = hit.rule.id == token_in_arg::RULE.id || hit.rule.id == token_in_env::RULE.id;
        let is_in_url = holder.is_some_and(|holder| {
            let at = hit.span.start;
            (is_literal && shown(holder).any(|part| part.span().contains(at)))
                || (is_variable && is_fetched(context, &fetched, holder, hit))
        });
        let mode = if is_in_url {
            Provenance::Min
        } else if is_literal
            || hit.rule.id == token_in_arg::RULE.id
            || (hit.rule.id == token_in_url::RULE.id && holder.is_some_and(is_add))
        {
            Provenance::Max
        } else {
            continue;
        };
        hit.leaves.push(left_in_provenance(mode));
        for remark in &mut hit.remarks {
            if let Remark::StaysInBuildCache { provenance } = remark {
                *provenance = Some(mode);
                // The mode `min` counts as in the image.
                if mode == Provenance::Min {
                    hit.severity = hit.rule.severity;
                }
            }
        }
    }
}

fn is_add(instruction: &Instruction) -> bool {
    instruction.effective().keyword == Keyword::Add
}

/// Returns the parts of the URLs of an `ADD` that are behind their hosts.
fn shown(instruction: &Instruction) -> impl Iterator<Item = Text> {
    let words = if is_add(instruction) { instruction.effective().words() } else { &[] };
    let sources = words.split_last().map(|(_, sources)| sources).unwrap_or_default();
    sources.iter().filter_map(|word| {
        let text = word.as_bytes();
        let host = memchr::memmem::find(text, b"://")? + 3;
        let len = text.get(host..)?.iter().position(|b| matches!(b, b'/' | b'?' | b'#'))?;
        Some(word.slice(host + len..word.len()))
    })
}

/// Returns the variables that are expanded in URLs, each with the stage.
fn fetched(context: &Context<'_>) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    for (instruction, _) in context.instructions() {
        let Some(stage) = instruction.stage else { continue };
        for part in shown(instruction) {
            let text = part.to_str();
            found.extend(expanded(&text).into_iter().map(|name| (stage, name.to_owned())));
        }
    }
    found
}

/// Returns true if the variable of a hit is expanded in a URL of its stage, or of a stage that is based on it.
fn is_fetched(
    context: &Context<'_>,
    fetched: &BTreeSet<(usize, String)>,
    holder: &Instruction,
    hit: &Hit,
) -> bool {
    let Some(stage) = hit.stage.filter(|_| !fetched.is_empty()) else { return false };
    let scope = context.scope_of(holder);
    let pairs = holder.effective().pairs().iter().filter(|pair| pair.span == hit.span);
    let names: Vec<String> = pairs.map(|pair| scope.name(pair)).collect();
    fetched.iter().any(|(other, name)| names.contains(name) && context.dockerfile.is_based_on(*other, stage))
}
