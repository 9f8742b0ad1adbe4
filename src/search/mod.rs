//! Search for several short strings at once with the widest vectors of the processor. All content is
//! searched twice: for the beginnings of tokens and names, and for the beginnings of containers. The first search also
//! marks long runs of encoded text, see [`Marks`].

mod arrange;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
#[cfg(target_arch = "x86_64")]
mod closer;
mod marks;
mod packed;
pub(crate) mod spans;

#[cfg(target_arch = "x86_64")]
use {avx2::Avx2, avx512::Avx512};

use packed::Packed;

use marks::Watch;

pub(crate) use blocks::{
    BLOCK, STRIDE, encoded_at_end, encoded_at_start, is_encoded, may_be_encoded, wide_phase,
};
pub(crate) use marks::Marks;

/// The number of needle bytes that decide whether a position is a candidate.
const MASK: usize = 3;

/// A search for the first of several needles.
pub(crate) struct Search(Way);

enum Way {
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<Avx512>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<Avx2<2>>),
    /// The version with half of the work, for few needles.
    #[cfg(target_arch = "x86_64")]
    Avx2Few(Box<Avx2<1>>),
    /// The version for processors with other vectors or with none.
    Packed(Packed),
}

/// The needles of a search.
#[derive(Clone, Copy)]
struct Needles<'a> {
    single: &'a [&'a [u8]],
    /// Many needles that differ only in bytes that hardly narrow the search, such as a magic number of two
    /// bytes with all bytes that may follow it. They have one number, the one after the last single needle.
    family: &'a [[u8; MASK]],
    /// Whether the search also marks runs of encoded text.
    marks: bool,
}

impl<'a> Needles<'a> {
    /// Returns the needles in groups that share a bucket.
    #[cfg(target_arch = "x86_64")]
    fn groups(self) -> Vec<Vec<&'a [u8]>> {
        let single = self.single.iter().map(|needle| vec![*needle]);
        let family = (!self.family.is_empty()).then(|| self.family.iter().map(<[u8; 3]>::as_slice).collect());
        single.chain(family).collect()
    }

    /// Returns the needles with their numbers.
    #[cfg(target_arch = "x86_64")]
    fn numbered(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let family = self.family.iter().map(move |needle| (self.single.len(), needle.as_slice()));
        self.single.iter().copied().enumerate().chain(family)
    }
}

/// The largest number of needles for which eight buckets are enough.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 16;

impl Search {
    /// Returns the fastest search that the processor supports. Needles have at least three bytes, and no
    /// needle begins with another needle.
    pub(crate) fn new(needles: &[&[u8]]) -> Self {
        Self::of(&Needles { single: needles, family: &[], marks: true })
    }

    /// Returns the fastest search for needles, and for a family of any size that has the number of one more
    /// needle.
    pub(crate) fn with_family(needles: &[&[u8]], family: &[[u8; MASK]]) -> Self {
        Self::of(&Needles { single: needles, family, marks: false })
    }

    fn of(needles: &Needles<'_>) -> Self {
        let way = Way::with_vectors(needles);
        Self(way.unwrap_or_else(|| Way::Packed(Packed::new(needles))))
    }

    /// Finds the first needle in `bytes` at or after `from`. Returns its offset and its number.
    pub(crate) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        self.watched(bytes, from, &mut ())
    }

    /// Does the same as [`Self::find`], and marks the bytes that were searched.
    pub(crate) fn find_and_mark(
        &self,
        bytes: &[u8],
        from: usize,
        marks: &mut Marks,
    ) -> Option<(usize, usize)> {
        self.watched(bytes, from, marks)
    }

    fn watched(&self, bytes: &[u8], from: usize, watch: &mut impl Watch) -> Option<(usize, usize)> {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512(search) => search.find(bytes, from, watch),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2(search) => search.find(bytes, from, watch),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2Few(search) => search.find(bytes, from, watch),
            // Nothing is marked, so the runs are looked for everywhere.
            Way::Packed(search) => search.find(bytes, from),
        }
    }
}

impl Way {
    #[cfg(target_arch = "x86_64")]
    fn with_vectors(needles: &Needles<'_>) -> Option<Self> {
        Self::with_avx512(needles).or_else(|| Self::with_avx2(needles))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn with_vectors(_: &Needles<'_>) -> Option<Self> {
        None
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx512(needles: &Needles<'_>) -> Option<Self> {
        Some(Self::Avx512(Box::new(Avx512::new(needles)?)))
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2(needles: &Needles<'_>) -> Option<Self> {
        if needles.single.len() > FEW {
            return Some(Self::Avx2(Box::new(Avx2::new(needles)?)));
        }
        Some(Self::Avx2Few(Box::new(Avx2::new(needles)?)))
    }
}

#[cfg(test)]
impl Search {
    /// Returns every search that this processor supports, by name.
    fn each(needles: &Needles<'_>) -> Vec<(&'static str, Self)> {
        let packed = [
            ("packed", Packed::vectors(needles).map(Way::Packed)),
            ("automaton", Some(Way::Packed(Packed::automaton(needles)))),
        ];
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            ("avx512", Way::with_avx512(needles)),
            ("avx2", Way::with_avx2(needles)),
            ("avx2 few", Avx2::new(needles).map(|search| Way::Avx2Few(Box::new(search)))),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors = [];
        let all = packed.into_iter().chain(vectors);
        all.filter_map(|(name, way)| Some((name, Self(way?)))).collect()
    }

    /// Returns all matches with their offsets.
    pub(crate) fn all(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let next = |from: usize| self.find(text, from);
        std::iter::successors(next(0), |(at, _)| next(at + 1)).collect()
    }

    /// Asserts that every search agrees with a loop over all needles at all offsets of a text.
    pub(crate) fn assert_all_agree(needles: &[&[u8]], text: &[u8]) {
        Self::assert_family_agrees(&Needles { single: needles, family: &[], marks: true }, text);
    }

    fn assert_family_agrees(needles: &Needles<'_>, text: &[u8]) {
        let single = |at: usize| needles.single.iter().position(|needle| text[at..].starts_with(needle));
        let in_family = |at: usize| needles.family.iter().any(|needle| text[at..].starts_with(needle));
        let at = |at: usize| single(at).or_else(|| in_family(at).then_some(needles.single.len()));
        let plainly: Vec<_> = (0..text.len()).filter_map(|place| Some((place, at(place)?))).collect();
        for (name, search) in Self::each(needles) {
            assert!(search.all(text) == plainly, "{name}: {:?} for {plainly:?}", search.all(text));
        }
    }

    /// Asserts that all searches agree on a text in which each needle occurs whole and cut. The vectors of
    /// other processors must be able to search for all needles.
    pub(crate) fn assert_all_work(needles: &[&[u8]]) {
        let mut text = Vec::new();
        for (needle, n) in needles.iter().zip(0..) {
            for cut in 0..needle.len() {
                text.extend_from_slice(&needle[..needle.len() - cut]);
                text.extend(b"h6xGaZ.P\x1f".iter().cycle().skip(n % 9).take(n % 40));
            }
        }
        Self::assert_all_agree(needles, &text);
        let needles = Needles { single: needles, family: &[], marks: true };
        let names: Vec<_> = Self::each(&needles).into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"packed"), "{names:?}");
        #[cfg(target_arch = "x86_64")]
        assert!(names.contains(&"avx2"), "this processor is too old to test the search on: {names:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_at_every_place_of_a_vector() {
        for needle in [&b"abc"[..], b"a\xff\x00long", b"\xfd7zXZ\0"] {
            for len in [0, 1, 31, 32, 33, 63, 64, 65, 130] {
                for at in 0..=len {
                    let text = [&vec![b'.'; at][..], needle, &vec![b'.'; len - at]].concat();
                    for (name, search) in
                        Search::each(&Needles { single: &[b"zyx", needle], family: &[], marks: true })
                    {
                        assert_eq!(search.all(&text), [(at, 1)], "{name}: {needle:?} at {at} of {len}");
                    }
                }
            }
        }
        for (_, search) in Search::each(&Needles { single: &[b"abc"], family: &[], marks: true }) {
            assert_eq!(
                (search.find(b"abc", 4), search.find(b"", 0), search.find(b"ab", 0)),
                (None, None, None)
            );
        }
    }

    /// Generates bytes from a small set, so that needles resemble each other and the text between them.
    fn bytes(len: std::ops::Range<usize>) -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(&b"ah0_Z\x00\x1f\x8b\xfd\xff"[..]), len)
    }

    proptest::proptest! {
        /// All searches find the same matches, whatever instructions the processor has.
        #[test]
        fn all_searches_agree(
            needles in proptest::collection::vec(bytes(3..7), 1..60),
            parts in proptest::collection::vec((0..60_usize, 0..8_usize, bytes(0..90)), 0..20),
        ) {
            let mut kept: Vec<&[u8]> = Vec::new();
            for needle in &needles {
                if !kept.iter().any(|other| other.starts_with(needle) || needle.starts_with(other)) {
                    kept.push(needle);
                }
            }
            let mut text = Vec::new();
            for (number, cut, between) in parts {
                let needle = kept[number % kept.len()];
                text.extend_from_slice(&needle[..needle.len().saturating_sub(cut)]);
                text.extend(between);
            }
            Search::assert_all_agree(&kept, &text);
        }

        /// All searches mark every run, wherever needles interrupt them.
        #[test]
        fn all_searches_mark_runs(
            pieces in proptest::collection::vec(proptest::sample::select(&marks::tests::PIECES[..]), 0..30),
            needles in proptest::collection::vec(0..30_usize, 0..4),
        ) {
            let mut text: Vec<&[u8]> = pieces;
            for at in needles {
                text.insert(at.min(text.len()), b"hf_");
            }
            let text = text.concat();
            for (_, search) in Search::each(&Needles { single: &[b"hf_", b"zyx"], family: &[], marks: true }) {
                let mut marks = Marks::default();
                let mut from = 0;
                while let Some((at, _)) = search.find_and_mark(&text, from, &mut marks) {
                    from = at + 1;
                }
                marks::assert_no_run_missed(&marks, &text, 0);
            }
        }

        /// The same with a family.
        #[test]
        fn all_searches_agree_on_families(
            family in proptest::collection::vec(bytes(3..4), 1..60),
            text in proptest::collection::vec(bytes(3..9), 0..3000),
        ) {
            let family: Vec<[u8; 3]> = family.iter().map(|needle| needle[..].try_into().unwrap()).collect();
            let single: [&[u8]; 2] = [b"abc", b"xyz123"];
            Search::assert_family_agrees(&Needles { single: &single, family: &family, marks: false }, &text.concat());
        }
    }
}
