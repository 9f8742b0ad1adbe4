//! Where a value may come from.

use crate::dockerfile::Origin;

/// Where a value, or a part of it, comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Token text that stands in the script.
    Literal,
    /// A mounted secret, by its number among the mounts.
    Secret(usize),
    /// A variable. Its origin is known where an `ARG` or an `ENV` sets it.
    Variable {
        /// The variable's name.
        name: String,
        /// What sets it outside of the script.
        origin: Option<Origin>,
    },
}

impl Source {
    /// Whether the history of the `RUN` holds the value too.
    pub(crate) fn is_in_history(&self) -> bool {
        matches!(self, Self::Literal | Self::Variable { origin: Some(Origin::Arg), .. })
    }
}

/// How much is known of the value that a source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// It may be anything.
    Possible,
    /// It is a token.
    Token,
}

/// The sources that one value may have, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources(Vec<(Source, Certainty)>);

/// How many sources of one value are remembered. Tokens go before other values.
const MAX_SOURCES: usize = 64;

impl Sources {
    /// One source, of a token.
    pub(crate) fn token(source: Source) -> Self {
        Self(vec![(source, Certainty::Token)])
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether no token is among them.
    pub(crate) fn have_no_token(&self) -> bool {
        self.first_token().is_none()
    }

    /// The first source that gives a token: reports name that one.
    pub(crate) fn first_token(&self) -> Option<&Source> {
        self.0.iter().find(|(_, certainty)| *certainty == Certainty::Token).map(|(source, _)| source)
    }

    /// All sources, whatever they give.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().map(|(source, _)| source)
    }

    /// Adds a source. A source that is known already stays at its place, unless it turns out to give a token.
    pub(crate) fn add(&mut self, source: Source, certainty: Certainty) {
        if let Some(at) = self.0.iter().position(|(known, _)| *known == source) {
            let is_new_token = certainty == Certainty::Token
                && self.0.get(at).is_some_and(|(_, known)| *known == Certainty::Possible);
            if !is_new_token {
                return;
            }
            self.0.remove(at);
        }
        if self.0.len() >= MAX_SOURCES {
            let is_possible = |(_, certainty): &(Source, Certainty)| *certainty == Certainty::Possible;
            let Some(at) = self.0.iter().rposition(is_possible).filter(|_| certainty == Certainty::Token)
            else {
                return;
            };
            self.0.remove(at);
        }
        self.0.push((source, certainty));
    }

    /// Adds all sources of another value.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (source, certainty) in &other.0 {
            self.add(source.clone(), *certainty);
        }
    }

    /// The same sources, none of which is known to give a token any more.
    pub(crate) fn made_possible(&self) -> Self {
        Self(self.0.iter().map(|(source, _)| (source.clone(), Certainty::Possible)).collect())
    }

    /// The sources of tokens alone.
    pub(crate) fn tokens(&self) -> Self {
        let tokens = self.0.iter().filter(|(_, certainty)| *certainty == Certainty::Token);
        Self(tokens.cloned().collect())
    }

    /// These, or others where no token is among these.
    pub(crate) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.have_no_token() { other() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(number: usize) -> Source {
        Source::Variable { name: format!("V{number}"), origin: None }
    }

    #[test]
    fn the_first_token_is_named() {
        let mut sources = Sources::default();
        assert!(sources.have_no_token());
        sources.add(Source::Secret(0), Certainty::Possible);
        sources.add(variable(1), Certainty::Token);
        sources.add(Source::Secret(0), Certainty::Token);
        assert_eq!(sources.first_token(), Some(&variable(1)));
        assert_eq!(sources.iter().count(), 2);
        assert!(sources.made_possible().have_no_token());
    }

    #[test]
    fn sources_are_bounded_and_tokens_are_kept() {
        let mut sources = Sources::default();
        for number in 0..1000 {
            sources.add(variable(number), Certainty::Possible);
        }
        sources.add(Source::Literal, Certainty::Token);
        assert_eq!(sources.iter().count(), MAX_SOURCES);
        assert_eq!(sources.first_token(), Some(&Source::Literal));
    }
}
