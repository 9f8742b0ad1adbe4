//! The lines of a Dockerfile in a form that may be shown.

use std::collections::BTreeSet;

use crate::detect::{self, may_be_credential};
use crate::dockerfile::{Instruction, Keyword, Pair, parse};
use crate::hub::tokens::roots;
use crate::mask::{Masked, holds_split_token, mask, mask_code};
use crate::rules::dockerfile::{Context, Hit, find};
use crate::text::{Span, Text};

/// Returns the lines of a Dockerfile without their endings. Tokens and the values of token variables are
/// masked, even if they are spread over several lines or quotes.
pub(crate) fn masked_lines(source: &[u8]) -> Vec<Masked> {
    let dockerfile = parse(source);
    let context = Context::new(source, &dockerfile);
    let hits = find(&context);
    let mut spans: Vec<Span> = hits.iter().filter(|hit| hit.token.is_some()).map(|hit| hit.span).collect();
    // If a variable holds a secret of unknown shape, only its value is secret.
    for span in &mut spans {
        let Some(holder) = context.holder(span.start).filter(|_| !context.is_comment(span.start)) else {
            continue;
        };
        let acts = holder.effective();
        if matches!(acts.keyword, Keyword::Arg | Keyword::Env) {
            let pair = acts.pairs().iter().find(|pair| pair.span == *span);
            if let Some(value) = pair.and_then(|pair| pair.value.as_ref()) {
                *span = value.span();
            }
        }
    }
    spans.extend(of_the_same_name(&context, &hits));
    spans.sort_by_key(|span| (span.start, span.end));
    // The pieces of a token that only variables put together may be anywhere.
    let is_in_pieces = spans.iter().any(|span| {
        let part = source.get(span.start..span.end).unwrap_or_default();
        detect::find(part).is_empty() && !holds_split_token(part)
    });
    let may_be_in_pieces = is_in_pieces || has_lone_prefix(source);
    let longest = if is_in_pieces { MAX_PIECE } else { MAX_WORD };
    let mut spans = spans.as_slice();
    let mut out = Vec::new();
    let mut at = 0;
    for line in source.split_inclusive(|&b| b == b'\n') {
        let here = Span::new(at, at + line.len());
        at = here.end;
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        let mut shown = Vec::with_capacity(bare.len());
        let mut from = 0;
        while let Some((_, rest)) = spans.split_first().filter(|(first, _)| first.end <= here.start) {
            spans = rest;
        }
        for span in spans.iter().take_while(|span| span.start < here.end) {
            let start = span.start.saturating_sub(here.start).clamp(from, bare.len());
            let end = span.end.saturating_sub(here.start).clamp(start, bare.len());
            // Another finding has the same text.
            if start == end && span.start < span.end {
                continue;
            }
            shown.extend_from_slice(bare.get(from..start).unwrap_or_default());
            let part = bare.get(start..end).unwrap_or_default();
            let masked = mask(part);
            let is_whole = here.start <= span.start && span.end <= here.end;
            // This is a part of a token, or a token that masking does not recognize.
            let is_bare = !is_whole || masked.as_str().as_bytes() == part;
            shown.extend_from_slice(if is_bare { "…" } else { masked.as_str() }.as_bytes());
            from = end;
        }
        shown.extend_from_slice(bare.get(from..).unwrap_or_default());
        let masked = mask_code(&shown);
        out.push(if may_be_in_pieces { masked.scrubbed(longest) } else { masked });
    }
    out
}

/// Returns the opaque values of other variables that are called like one with a hit. A stage may declare the variable, and
/// another one give it the token as a default.
fn of_the_same_name(context: &Context<'_>, hits: &[Hit]) -> Vec<Span> {
    let variables = context.dockerfile.instructions.iter().map(Instruction::effective);
    let variables = variables.filter(|acts| matches!(acts.keyword, Keyword::Arg | Keyword::Env));
    let pairs: Vec<&Pair> = variables.flat_map(Instruction::pairs).collect();
    let hit = |pair: &&&Pair| hits.iter().any(|hit| hit.span == pair.span);
    let names: BTreeSet<&[u8]> = pairs.iter().filter(hit).map(|pair| pair.name.as_bytes()).collect();
    let values = pairs.iter().filter(|pair| names.contains(pair.name.as_bytes()));
    let values = values.filter_map(|pair| pair.value.as_ref());
    let is_mixed = |value: &Text| value.as_bytes().iter().any(u8::is_ascii_digit) && value.len() >= SHORTEST;
    values.filter(|value| is_mixed(value) && may_be_credential(value.as_bytes())).map(Text::span).collect()
}

/// Returns true if the prefix of a token stands alone, so that a script may add the rest to it.
fn has_lone_prefix(source: &[u8]) -> bool {
    roots().any(|root| {
        let mut found = memchr::memmem::find_iter(source, root.as_bytes());
        found.any(|at| source.get(at + root.len()).is_none_or(|b| !b.is_ascii_alphanumeric()))
    })
}

/// The minimum length of a default that is hidden because of its variable's name.
const SHORTEST: usize = 16;
/// The minimum length of a word of mixed letters and digits that is hidden everywhere. It may be the body
/// of a token whose prefix a script adds.
const MAX_WORD: usize = 30;
/// The minimum length of a hidden word if a token is known to be in pieces.
const MAX_PIECE: usize = 8;
