//! Looks for several short strings at once, with the widest vectors that the processor has. All content goes through
//! it twice: for what tokens begin with, and for what containers begin with.

mod arrange;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod closer;
mod packed;

#[cfg(target_arch = "x86_64")]
use {avx2::Avx2, avx512::Avx512};

use packed::Packed;

/// How many bytes of a needle decide whether a place is looked at more closely.
const MASK: usize = 3;

/// A search for the first of several needles.
pub(crate) struct Search(Way);

enum Way {
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<Avx512>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<Avx2<2>>),
    /// Half of the work, for a few needles.
    #[cfg(target_arch = "x86_64")]
    Avx2Few(Box<Avx2<1>>),
    /// For processors with other vectors, or without any.
    Packed(Packed),
}

/// Needles for which eight buckets are enough.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 16;

impl Search {
    /// The fastest one that the processor has. Needles have three bytes at least, and none begins with another.
    pub(crate) fn new(needles: &[&[u8]]) -> Self {
        let way = Way::with_vectors(needles);
        Self(way.unwrap_or_else(|| Way::Packed(Packed::new(needles))))
    }

    /// The first needle in `bytes` at `from` or behind: where it is, and its number.
    pub(crate) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Way::Avx512(search) => search.find(bytes, from),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2(search) => search.find(bytes, from),
            #[cfg(target_arch = "x86_64")]
            Way::Avx2Few(search) => search.find(bytes, from),
            Way::Packed(search) => search.find(bytes, from),
        }
    }
}

impl Way {
    #[cfg(target_arch = "x86_64")]
    fn with_vectors(needles: &[&[u8]]) -> Option<Self> {
        Self::with_avx512(needles).or_else(|| Self::with_avx2(needles))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn with_vectors(_: &[&[u8]]) -> Option<Self> {
        None
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx512(needles: &[&[u8]]) -> Option<Self> {
        Some(Self::Avx512(Box::new(Avx512::new(needles)?)))
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2(needles: &[&[u8]]) -> Option<Self> {
        if needles.len() > FEW {
            return Some(Self::Avx2(Box::new(Avx2::new(needles)?)));
        }
        Some(Self::Avx2Few(Box::new(Avx2::new(needles)?)))
    }
}

#[cfg(test)]
impl Search {
    /// Every search that this processor can do, by name.
    pub(crate) fn each(needles: &[&[u8]]) -> Vec<(&'static str, Self)> {
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

    /// All that is found, and where.
    pub(crate) fn all(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let next = |from: usize| self.find(text, from);
        std::iter::successors(next(0), |(at, _)| next(at + 1)).collect()
    }

    /// Holds every search for these needles to a loop over all needles at all places of a text.
    pub(crate) fn assert_all_agree(needles: &[&[u8]], text: &[u8]) {
        let at = |at: usize| needles.iter().position(|needle| text[at..].starts_with(needle));
        let plainly: Vec<_> = (0..text.len()).filter_map(|place| Some((place, at(place)?))).collect();
        for (name, search) in Self::each(needles) {
            assert!(search.all(text) == plainly, "{name}: {:?} for {plainly:?}", search.all(text));
        }
    }

    /// The same for a text in which each needle stands whole and cut. The vectors of other processors must be able to
    /// search for all of them.
    pub(crate) fn assert_all_work(needles: &[&[u8]]) {
        let mut text = Vec::new();
        for (needle, n) in needles.iter().zip(0..) {
            for cut in 0..needle.len() {
                text.extend_from_slice(&needle[..needle.len() - cut]);
                text.extend(b"h6xGaZ.P\x1f".iter().cycle().skip(n % 9).take(n % 40));
            }
        }
        Self::assert_all_agree(needles, &text);
        let names: Vec<_> = Self::each(needles).into_iter().map(|(name, _)| name).collect();
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
                    for (name, search) in Search::each(&[b"zyx", needle]) {
                        assert_eq!(search.all(&text), [(at, 1)], "{name}: {needle:?} at {at} of {len}");
                    }
                }
            }
        }
        for (_, search) in Search::each(&[b"abc"]) {
            assert_eq!(
                (search.find(b"abc", 4), search.find(b"", 0), search.find(b"ab", 0)),
                (None, None, None)
            );
        }
    }

    /// Few bytes, so that needles are like each other and like what stands between them.
    fn bytes(len: std::ops::Range<usize>) -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(&b"ah0_Z\x00\x1f\x8b\xfd\xff"[..]), len)
    }

    proptest::proptest! {
        /// Whatever instructions a processor has, it finds the same.
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
    }
}
