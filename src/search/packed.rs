//! The search of `aho-corasick`: with its vectors for other processors, otherwise with its automaton.

use aho_corasick::packed::{Config, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::arrange::arrange;

/// The needles in the order of the search.
pub(super) struct Packed {
    search: Way,
    /// The number of the needle at each place of the order. A needle may occur more than once.
    numbers: Vec<usize>,
}

enum Way {
    Vectors(Searcher),
    Automaton(AhoCorasick),
}

impl Packed {
    pub(super) fn new(needles: &[&[u8]]) -> Self {
        Self::vectors(needles).unwrap_or_else(|| Self::automaton(needles))
    }

    /// Lifts the limits on patterns, which only estimate the effect of their order. [`arrange`] takes care
    /// of the order.
    pub(super) fn vectors(needles: &[&[u8]]) -> Option<Self> {
        let order = arrange(needles.to_vec());
        let number = |needle: &&[u8]| needles.iter().position(|other| other == needle).unwrap_or_default();
        let numbers = order.iter().map(number).collect();
        let search = Config::new().heuristic_pattern_limits(false).builder().extend(order).build()?;
        Some(Self { search: Way::Vectors(search), numbers })
    }

    pub(super) fn automaton(needles: &[&[u8]]) -> Self {
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles);
        #[expect(
            clippy::expect_used,
            reason = "the needles are constant, and a test builds it for each of them"
        )]
        let search = Way::Automaton(search.expect("a few short needles"));
        Self { search, numbers: (0..needles.len()).collect() }
    }

    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let from = from.min(bytes.len());
        let found = match &self.search {
            Way::Vectors(search) => search.find_in(bytes, (from..bytes.len()).into()),
            Way::Automaton(search) => search.find(Input::new(bytes).span(from..bytes.len())),
        }?;
        Some((found.start(), self.numbers.get(found.pattern().as_usize()).copied()?))
    }
}
