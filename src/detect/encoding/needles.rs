//! The needles of all prefixes, and the names near credentials of unknown shape. One vectorised pass searches for
//! all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::pieces;
use crate::hub::{tokens, words};
use crate::search::{Marks, Search};

pub(super) use super::forms::{Content, Form};

/// A needle that was found.
#[derive(Debug, Clone, Copy)]
pub(in crate::detect) struct Hit {
    pub(in crate::detect) at: usize,
    needle: usize,
}

impl Hit {
    /// Returns the hit for the case that the first `less` bytes are removed.
    pub(super) fn moved_back(self, less: usize) -> Self {
        Self { at: self.at.saturating_sub(less), ..self }
    }

    /// Returns true if a token may be here.
    pub(in crate::detect) fn may_be_token(self) -> bool {
        self.forms().iter().any(|form| *form != Form::Name)
    }

    /// Returns true if a name may be here that marks a value as a token.
    pub(in crate::detect) fn may_be_name(self) -> bool {
        self.forms().contains(&Form::Name)
    }

    /// Returns the forms that the needle may represent.
    pub(super) fn forms(self) -> &'static [Form] {
        NEEDLES.forms.get(self.needle).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Returns the first needle of a token or a name in `bytes` at or after `from`.
pub(in crate::detect) fn next_hit_or_name(bytes: &[u8], from: usize) -> Option<Hit> {
    NEEDLES.search.find(bytes, from).map(|(at, needle)| Hit { at, needle })
}

/// Does the same as [`next_hit_or_name`], and marks runs of encoded text in the bytes that were searched.
pub(in crate::detect) fn next_hit_or_mark(bytes: &[u8], from: usize, marks: &mut Marks) -> Option<Hit> {
    NEEDLES.search.find_and_mark(bytes, from, marks).map(|(at, needle)| Hit { at, needle })
}

/// Returns the first needle of a token in `bytes` at or after `from`.
pub(in crate::detect) fn next_hit(bytes: &[u8], from: usize) -> Option<Hit> {
    let mut hit = next_hit_or_name(bytes, from)?;
    while !hit.may_be_token() {
        hit = next_hit_or_name(bytes, hit.at + 1)?;
    }
    Some(hit)
}

/// Returns the offset of a needle that may be cut by the end. A single character is not enough.
pub(in crate::detect) fn part_at_end(bytes: &[u8]) -> Option<usize> {
    let ends = |pattern: &Vec<u8>| {
        (2..pattern.len()).rev().find(|&len| pattern.get(..len).is_some_and(|part| bytes.ends_with(part)))
    };
    NEEDLES.tokens.iter().filter_map(ends).max().map(|len| bytes.len() - len)
}

/// Returns the length of the longest needle.
pub(in crate::detect) fn longest() -> usize {
    NEEDLES.longest
}

/// The end of a line, and the start of the next line of a dump.
const DUMP: &[u8] = b"\n000";
/// The start of a code point.
const CODE_POINT: &[u8] = b"U+00";

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles::new(tokens::roots()));

struct Needles {
    search: Search,
    /// The forms, indexed by the number of the pattern.
    forms: Vec<Vec<Form>>,
    longest: usize,
    #[cfg(test)]
    patterns: Vec<Vec<u8>>,
    /// The patterns of tokens, with those that begin with another one.
    tokens: Vec<Vec<u8>>,
}

impl Needles {
    /// Builds the needles of these prefixes.
    fn new(prefixes: impl Iterator<Item = &'static str>) -> Self {
        let mut forms: BTreeMap<Vec<u8>, Vec<Form>> = BTreeMap::new();
        for (pattern, form) in prefixes.flat_map(pieces::needles) {
            let known = forms.entry(pattern).or_default();
            if !known.contains(&form) {
                known.push(form);
            }
        }
        forms.entry(DUMP.to_vec()).or_default().push(Form::Dump);
        forms.entry(CODE_POINT.to_vec()).or_default().push(Form::CodePoint);
        let tokens = forms.keys().cloned().collect();
        for name in words::NEEDLES {
            forms.entry(name.into()).or_default().push(Form::Name);
        }
        // A needle that begins with another needle is found together with that needle.
        let patterns: Vec<Vec<u8>> = forms.keys().cloned().collect();
        for pattern in &patterns {
            let shorter = patterns.iter().find(|other| *other != pattern && pattern.starts_with(other));
            if let Some(shorter) = shorter
                && let Some(longer) = forms.remove(pattern)
                && let Some(known) = forms.get_mut(shorter)
            {
                known.extend(longer);
            }
        }
        let needles: Vec<&[u8]> = forms.keys().map(Vec::as_slice).collect();
        Self {
            search: Search::new(&needles),
            forms: forms.into_values().collect(),
            longest: patterns.iter().map(Vec::len).max().unwrap_or_default(),
            #[cfg(test)]
            patterns,
            tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::tokens::made_up;

    /// A line that disappears or changes here is content that is no longer found. Each additional line costs
    /// speed.
    #[test]
    fn the_list_of_needles() {
        let needles = Needles::new(made_up::shipped_roots());
        let line = |(pattern, forms): (&Vec<u8>, &Vec<Form>)| format!("{} {forms:?}", pattern.escape_ascii());
        let lines: Vec<_> = needles.patterns.iter().zip(&needles.forms).map(line).collect();
        assert_eq!(lines.len(), needles.forms.len(), "no needle begins with another");
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn there_are_few_needles_and_none_is_short() {
        let needles = Needles::new(made_up::shipped_roots());
        assert!(needles.patterns.iter().all(|pattern| (3..=needles.longest).contains(&pattern.len())));
        assert!(needles.patterns.len() <= 112, "{}", needles.patterns.len());
    }

    #[test]
    fn every_processor_can_look_for_them() {
        let needles = Needles::new(made_up::shipped_roots());
        Search::assert_all_work(&needles.patterns.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}
