//! The lines of a Dockerfile as they may be shown.

use crate::detect;
use crate::dockerfile::{Keyword, parse};
use crate::mask::{Masked, holds_split_token, mask};
use crate::rules::dockerfile::{Context, find};
use crate::text::Span;

/// The lines of a Dockerfile without their endings, each token and each value of a token variable in them masked,
/// over whatever lines and quotes it is spread.
pub(crate) fn masked_lines(source: &[u8]) -> Vec<Masked> {
    let dockerfile = parse(source);
    let context = Context::new(source, &dockerfile);
    let mut spans: Vec<Span> =
        find(&context).into_iter().filter(|hit| hit.token.is_some()).map(|hit| hit.span).collect();
    // Where a variable has a secret of unknown shape, only its value is one.
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
    spans.sort_by_key(|span| (span.start, span.end));
    // A token that only variables put together stands in pieces, anywhere.
    let is_in_pieces = spans.iter().any(|span| {
        let part = source.get(span.start..span.end).unwrap_or_default();
        detect::find(part).is_empty() && !holds_split_token(part)
    });
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
            shown.extend_from_slice(bare.get(from..start).unwrap_or_default());
            let part = bare.get(start..end).unwrap_or_default();
            let masked = mask(part);
            let is_whole = here.start <= span.start && span.end <= here.end;
            // A part of a token, or one that the mask does not know as such.
            let is_bare = !is_whole || masked.as_str().as_bytes() == part;
            shown.extend_from_slice(if is_bare { "…" } else { masked.as_str() }.as_bytes());
            from = end;
        }
        shown.extend_from_slice(bare.get(from..).unwrap_or_default());
        out.push(mask(&shown).scrubbed(longest));
    }
    out
}

/// A word of so many letters and digits, mixed as in a token, is shown nowhere: it may be the body of one whose prefix
/// a script puts in front of it.
const MAX_WORD: usize = 30;
/// The same where a token is known to stand in pieces.
const MAX_PIECE: usize = 8;
