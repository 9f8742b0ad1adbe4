//! Tokens in instructions that do not run a script.

use super::source::Sources;
use super::state::State;
use super::words::expanded;
use super::{url, words};
use crate::dockerfile::Scope;
use crate::shell::{HereDocument, Word};
use crate::text::Text;

/// Returns the sources of the token in a URL that an `ADD` fetches.
pub(crate) fn token_in_url(scope: Scope<'_>, source: &Text) -> Sources {
    let text = source.to_str();
    let variables = expanded(&text).into_iter().map(str::to_owned).collect();
    let word = Word { text: source.clone(), variables, ..Word::default() };
    let state = State::of_instruction(scope);
    url::credential(&state.variables, &word).map(|credential| credential.value).unwrap_or_default()
}

/// Returns the sources of the token in a heredoc that a `COPY` or an `ADD` expands.
pub(crate) fn token_in_document(scope: Scope<'_>, body: &Text) -> Sources {
    let document = HereDocument { body: body.clone(), expand: true };
    words::document(&State::of_instruction(scope).variables, &document)
}
