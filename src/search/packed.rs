//! The search of `aho-corasick`: with its vectors for other processors, otherwise with its automaton.

use aho_corasick::packed::{Config, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::arrange::arrange;
use super::{MASK, Needles};
use memchr::memchr_iter;
use std::collections::{BTreeMap, BTreeSet};

/// The needles in the order of the search.
pub(super) struct Packed {
    search: Way,
    /// The number of the needle at each place of the order. A needle may occur more than once.
    numbers: Vec<usize>,
    /// The other bytes of the needles of the family, by their first byte.
    family: BTreeMap<u8, BTreeSet<[u8; MASK - 1]>>,
    family_number: usize,
}

/// The number of bytes that are searched for single needles before they are searched for the family.
const PIECE: usize = 4096;
/// The number of bytes after a piece in which a needle that begins in the piece may end.
const LONGEST: usize = 64;

enum Way {
    Vectors(Searcher),
    Automaton(AhoCorasick),
}

impl Packed {
    pub(super) fn new(needles: &Needles<'_>) -> Self {
        Self::vectors(needles).unwrap_or_else(|| Self::automaton(needles))
    }

    /// Lifts the limits on patterns, which only estimate the effect of their order. [`arrange`] takes care
    /// of the order.
    pub(super) fn vectors(needles: &Needles<'_>) -> Option<Self> {
        let order = arrange(needles.single.to_vec());
        let number =
            |needle: &&[u8]| needles.single.iter().position(|other| other == needle).unwrap_or_default();
        let numbers = order.iter().map(number).collect();
        let search = Config::new().heuristic_pattern_limits(false).builder().extend(order).build()?;
        Some(Self::of(Way::Vectors(search), numbers, needles))
    }

    fn of(search: Way, numbers: Vec<usize>, needles: &Needles<'_>) -> Self {
        let mut family: BTreeMap<u8, BTreeSet<[u8; MASK - 1]>> = BTreeMap::new();
        for &[first, second, third] in needles.family {
            family.entry(first).or_default().insert([second, third]);
        }
        Self { search, numbers, family, family_number: needles.single.len() }
    }

    pub(super) fn automaton(needles: &Needles<'_>) -> Self {
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles.single);
        #[expect(
            clippy::expect_used,
            reason = "the needles are constant, and a test builds it for each of them"
        )]
        let search = Way::Automaton(search.expect("a few short needles"));
        Self::of(search, (0..needles.single.len()).collect(), needles)
    }

    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        if self.family.is_empty() {
            return self.find_single(bytes, from);
        }
        // In pieces, so that a search that goes on after each match does not search the same bytes again.
        (from..bytes.len()).step_by(PIECE).find_map(|at| {
            let piece = bytes.get(..at.saturating_add(PIECE + LONGEST).min(bytes.len()))?;
            let single = self.find_single(piece, at);
            let to = single.map_or(piece.len(), |(at, _)| at.saturating_add(MASK - 1).min(piece.len()));
            self.find_family(piece.get(..to)?, at).or(single)
        })
    }

    fn find_single(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let from = from.min(bytes.len());
        let found = match &self.search {
            Way::Vectors(search) => search.find_in(bytes, (from..bytes.len()).into()),
            Way::Automaton(search) => search.find(Input::new(bytes).span(from..bytes.len())),
        }?;
        Some((found.start(), self.numbers.get(found.pattern().as_usize()).copied()?))
    }

    fn find_family(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = bytes.get(from..)?;
        let starts = self.family.iter().filter_map(|(first, others)| {
            memchr_iter(*first, rest).find(|at| {
                let behind = rest.get(at + 1..).and_then(<[u8]>::first_chunk);
                behind.is_some_and(|behind| others.contains(behind))
            })
        });
        starts.min().map(|at| (from + at, self.family_number))
    }
}
