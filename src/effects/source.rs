//! The possible sources of a value.

use crate::dockerfile::Origin;

/// The source of a value or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueSource {
    /// Token text in the script.
    Literal,
    /// A mounted secret, by its index among the mounts.
    Secret(usize),
    /// A variable. Its origin is known if an `ARG` or an `ENV` sets it.
    Variable {
        name: String,
        /// The instruction outside the script that sets the variable.
        origin: Option<Origin>,
    },
}

impl ValueSource {
    /// Returns true if the history of the `RUN` contains the value too.
    pub(crate) fn is_in_history(&self) -> bool {
        matches!(self, Self::Literal | Self::Variable { origin: Some(Origin::Arg), .. })
    }
}

/// The certainty that the value of a source is a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// The value may be anything.
    Possible,
    /// The value is a token.
    Token,
}

/// The possible sources of one value, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources(Vec<(ValueSource, Certainty)>);

/// The maximum number of sources of one value. Tokens take precedence over other values.
const MAX_SOURCES: usize = 64;

impl Sources {
    /// Returns a single source, whose value is a token.
    pub(crate) fn token(source: ValueSource) -> Self {
        Self(vec![(source, Certainty::Token)])
    }

    /// Returns true if none of the sources gives a token.
    pub(crate) fn have_no_token(&self) -> bool {
        self.first_token().is_none()
    }

    /// Returns the first source that gives a token. Reports name that source.
    pub(crate) fn first_token(&self) -> Option<&ValueSource> {
        self.0.iter().find(|(_, certainty)| *certainty == Certainty::Token).map(|(source, _)| source)
    }

    /// Returns all sources.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ValueSource> {
        self.0.iter().map(|(source, _)| source)
    }

    /// Adds a source. A known source keeps its position, unless it turns out to give a token.
    pub(crate) fn add(&mut self, source: ValueSource, certainty: Certainty) {
        if let Some(at) = self.0.iter().position(|(known, _)| *known == source) {
            let is_new_token = certainty == Certainty::Token
                && self.0.get(at).is_some_and(|(_, known)| *known == Certainty::Possible);
            if !is_new_token {
                return;
            }
            self.0.remove(at);
        }
        if self.0.len() >= MAX_SOURCES {
            let is_possible = |(_, certainty): &(ValueSource, Certainty)| *certainty == Certainty::Possible;
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

    /// Returns these sources with the certainty [`Certainty::Possible`].
    pub(crate) fn made_possible(&self) -> Self {
        Self(self.0.iter().map(|(source, _)| (source.clone(), Certainty::Possible)).collect())
    }

    /// Returns only the sources of tokens.
    pub(crate) fn tokens(&self) -> Self {
        let tokens = self.0.iter().filter(|(_, certainty)| *certainty == Certainty::Token);
        Self(tokens.cloned().collect())
    }

    /// Returns these sources if one of them gives a token, and otherwise the other ones.
    pub(crate) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.have_no_token() { other() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(number: usize) -> ValueSource {
        ValueSource::Variable { name: format!("V{number}"), origin: None }
    }

    #[test]
    fn the_first_token_is_named() {
        let mut sources = Sources::default();
        assert!(sources.have_no_token());
        sources.add(ValueSource::Secret(0), Certainty::Possible);
        sources.add(variable(1), Certainty::Token);
        sources.add(ValueSource::Secret(0), Certainty::Token);
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
        sources.add(ValueSource::Literal, Certainty::Token);
        assert_eq!(sources.iter().count(), MAX_SOURCES);
        assert_eq!(sources.first_token(), Some(&ValueSource::Literal));
    }
}
