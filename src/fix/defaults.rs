//! Defaults of variables that scripts compare with.
//!
//! A variable that a secret gives is not set in a build without the secret. A script that compares the variable
//! with its default would then take the other branch: `ARG HF_TOKEN=none`, `[ "$HF_TOKEN" != none ]`.

use super::cut::Page;
use crate::dockerfile::{Instruction, Keyword, Origin, Scope};
use crate::effects::holds_word;
use crate::rules::dockerfile::Context;
use crate::text::Span;

/// The treatment of the default of a variable in an instruction.
pub(super) enum Default {
    /// The instruction does not depend on it.
    Unused,
    /// The expansions of the variable, each with the text that has the default in it.
    Written(Vec<(Span, String)>),
    /// It cannot be written into the instruction.
    Lost,
}

/// Determines what becomes of the default of a variable if nothing sets the variable any more.
pub(super) fn default(
    context: &Context<'_>,
    page: Page<'_>,
    instruction: &Instruction,
    scope: Scope<'_>,
    name: &str,
) -> Default {
    let acts = instruction.effective();
    let Some(binding) = scope.get(name) else { return Default::Unused };
    let is_run = acts.keyword == Keyword::Run;
    // A container does not see build arguments.
    let is_seen = is_run || binding.origin == Origin::Env;
    let Some(text) = text(page, instruction).filter(|text| is_seen && holds_word(text, name)) else {
        return Default::Unused;
    };
    let default = zeroize::Zeroizing::new(binding.value.to_text());
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
    let is_compared = if default.is_empty() {
        is_run && fails_if_unset(&text, scope) && is_set_to_nothing(context, scope, name)
    } else {
        default.bytes().all(is_word) && default.len() <= MAX_LEN && compares(&text, name, &default)
    };
    if !is_compared {
        return Default::Unused;
    }
    match expansions(&text, name) {
        Some(found) if is_run => {
            let start = instruction.span.start;
            let written = |(from, to): (usize, usize)| {
                (Span::new(start + from, start + to), format!("${{{name}:-{}}}", default.as_str()))
            };
            Default::Written(found.into_iter().map(written).collect())
        }
        _ => Default::Lost,
    }
}

/// The maximum length of a default that is compared.
const MAX_LEN: usize = 64;

/// Returns the source of an instruction, with blanks in place of its flags and comments. It may hold a token.
fn text(page: Page<'_>, instruction: &Instruction) -> Option<zeroize::Zeroizing<String>> {
    let Span { start, end } = instruction.span;
    let mut bytes = zeroize::Zeroizing::new(page.source.get(start..end)?.to_vec());
    let flags = instruction.effective().flags.iter().map(|flag| flag.span);
    let comments = page.comments.iter().map(|comment| comment.span);
    for span in flags.chain(comments).filter(|span| start <= span.start && span.end <= end) {
        bytes.get_mut(span.start - start..span.end - start)?.fill(b' ');
    }
    // Offsets have to stay as they are.
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(zeroize::Zeroizing::new(text.to_owned()))
}

/// Returns true if the text has the default as a word of its own, other than in an assignment of the variable.
fn compares(text: &str, name: &str, default: &str) -> bool {
    let assigned = format!("{name}={default}");
    let text = text.replace(&assigned, "");
    holds_word(&text, default)
}

/// Returns true if a script fails where it expands a variable that is not set: `set -u`.
fn fails_if_unset(text: &str, scope: Scope<'_>) -> bool {
    let is_option = |word: &str| {
        word.strip_prefix('-').is_some_and(|letters| {
            letters.contains('u')
                && letters.bytes().all(|b| matches!(b, b'e' | b'u' | b'x' | b'o' | b'v' | b'c' | b'l'))
        })
    };
    let mut words = text.split_whitespace().map(|word| word.trim_end_matches([';', '&', '\\']));
    let is_set =
        std::iter::from_fn(|| words.find(|word| *word == "set").map(|_| words.next().unwrap_or_default()))
            .any(is_option);
    let in_shell = scope.shell().is_some_and(|shell| {
        shell.iter().any(|word| is_option(&word.to_str()) || word.as_bytes() == b"nounset")
    });
    is_set || in_shell || holds_word(text, "nounset")
}

/// Returns true if the file sets the variable to an empty value.
fn is_set_to_nothing(context: &Context<'_>, scope: Scope<'_>, name: &str) -> bool {
    context.dockerfile.instructions.iter().any(|instruction| {
        let acts = instruction.effective();
        matches!(acts.keyword, Keyword::Arg | Keyword::Env)
            && acts.pairs().iter().any(|pair| pair.value.is_some() && scope.name(pair) == name)
    })
}

/// Returns the places of `$NAME` and `${NAME}`, or `None` if the text uses the variable in any other way.
fn expansions(text: &str, name: &str) -> Option<Vec<(usize, usize)>> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let end = at + name.len();
        let (before, behind) = (bytes.get(..at)?, bytes.get(end).copied().unwrap_or(b' '));
        if is_part(behind) || before.last().is_some_and(|&b| is_part(b)) {
            continue;
        }
        match (before, behind) {
            ([.., b'\\', b'$'] | [.., b'\\', b'$', b'{'], _) => return None,
            ([.., b'$', b'{'], b'}') => found.push((at - 2, end + 1)),
            ([.., b'$'], _) => found.push((at - 1, end)),
            // An assignment, or text that is shown.
            ([.., b'$', b'{'] | [.., b'"' | b'\''], _) => return None,
            _ => {}
        }
    }
    Some(found)
}
