//! The names of the secrets that replace the tokens of a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect;
use crate::detect::TokenHash;
use crate::dockerfile::Keyword;
use crate::hub::variables::HF_TOKEN;
use crate::rules::dockerfile::hit::within;
use crate::rules::dockerfile::{Context, Hit, literal_token};
use crate::text::Span;

/// The names by token. Two tokens never share a name, because they may belong to two accounts.
pub(super) struct Names(BTreeMap<TokenHash, String>);

impl Names {
    /// Chooses the names. The token of a variable gets the name of that variable, and the others are
    /// numbered in the order in which they occur.
    pub(super) fn new(context: &Context<'_>, hits: &[Hit]) -> Self {
        let mut names = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (instruction, scope) in context.instructions() {
            let acts = instruction.effective();
            if !matches!(acts.keyword, Keyword::Arg | Keyword::Env) {
                continue;
            }
            for pair in acts.pairs() {
                let name = scope.name(pair);
                if let Some(token) = token(hits, pair.span).filter(|_| detect::is_token_variable(&name))
                    && !names.contains_key(&token)
                    && taken.insert(name.clone())
                {
                    names.insert(token, name);
                }
            }
        }
        let mut last = 0;
        for hit in hits.iter().filter(|hit| is_text(hit)) {
            let Some(token) = hit.token.as_ref().and_then(|token| token.sha256) else { continue };
            names.entry(token).or_insert_with(|| {
                loop {
                    last += 1;
                    let name = if last == 1 { HF_TOKEN.to_owned() } else { format!("{HF_TOKEN}_{last}") };
                    if taken.insert(name.clone()) {
                        return name;
                    }
                }
            });
        }
        Self(names)
    }

    /// Returns the name for the first token in a part of the source.
    pub(super) fn of(&self, hits: &[Hit], span: Span) -> Option<&str> {
        self.0.get(&token(hits, span)?).map(String::as_str)
    }
}

fn is_text(hit: &Hit) -> bool {
    hit.rule.id == literal_token::RULE.id
}

fn token(hits: &[Hit], span: Span) -> Option<TokenHash> {
    within(hits, span).filter(|hit| is_text(hit)).find_map(|hit| hit.token.as_ref()?.sha256)
}
