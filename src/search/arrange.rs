//! The arrangement of needles in buckets, which determines the speed of the search.

use std::collections::BTreeMap;

use super::MASK;

/// The number of buckets of the search. With shorter vectors the search has half as many and merges buckets
/// in pairs.
const BUCKETS: usize = 16;
/// The largest number of needles in a bucket. The search takes fewer than 128 needles in total, including
/// repeated needles.
const ROWS: usize = 7;

/// The part of each character that a vector search compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// The upper half and the lower half, one by one. A character that mixes halves of two needles of a bucket is
    /// accepted.
    Halves,
    /// The whole byte, if it is ASCII. Other bytes are not told apart.
    #[cfg(target_arch = "x86_64")]
    Ascii,
}

/// Arranges needles so that the search of `aho-corasick` skips as much as it can. That search distributes
/// needles to buckets by their number. Buckets of unequal size are filled by repeating a needle, which puts
/// the copy in the same bucket.
pub(super) fn arrange(needles: Vec<&[u8]>) -> Vec<&[u8]> {
    let groups = needles.into_iter().map(|needle| vec![needle]).collect();
    let buckets = buckets(groups, BUCKETS, ROWS, Compared::Halves);
    let rows = buckets.iter().map(Vec::len).max().unwrap_or_default();
    let row = |n: usize| buckets.iter().filter_map(move |b| b.get(n).or(b.first()).copied());
    (0..rows).flat_map(row).collect()
}

/// Sorts groups of needles into `count` buckets of at most `most` needles. A group stays together. The search takes
/// every position for a candidate whose first characters agree with those of any needles in one bucket. So similar
/// needles share a bucket.
pub(super) fn buckets(
    groups: Vec<Vec<&[u8]>>,
    count: usize,
    most: usize,
    compared: Compared,
) -> Vec<Vec<&[u8]>> {
    let groups = groups.into_iter().map(|needles| Bucket::new(needles, compared));
    let mut buckets: BTreeMap<usize, Bucket<'_>> = groups.enumerate().collect();
    // The cost of merging two buckets.
    let cost = |one: &Bucket<'_>, other: &Bucket<'_>| {
        let fits = one.needles.len() + other.needles.len() <= most;
        fits.then(|| frequency(&one.with(other, compared)) - one.frequency - other.frequency)
    };
    let mut costs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (&i, one) in &buckets {
        let pairs = buckets.range(i + 1..).map(|(&j, other)| ((i, j), cost(one, other)));
        costs.extend(pairs.filter_map(|(pair, cost)| Some((pair, cost?))));
    }
    while buckets.len() > count {
        let cheapest = costs.iter().min_by(|one, other| one.1.total_cmp(other.1));
        let Some((&(into, from), _)) = cheapest else { break };
        let (Some(moved), Some(mut bucket)) = (buckets.remove(&from), buckets.remove(&into)) else { break };
        bucket.characters = bucket.with(&moved, compared);
        bucket.frequency = frequency(&bucket.characters);
        bucket.needles.extend(moved.needles);
        costs.retain(|&(i, j), _| ![i, j].iter().any(|n| *n == from || *n == into));
        for (&n, other) in &buckets {
            if let Some(cost) = cost(&bucket, other) {
                costs.insert((n.min(into), n.max(into)), cost);
            }
        }
        buckets.insert(into, bucket);
    }
    buckets.into_values().map(|bucket| bucket.needles).collect()
}

/// Needles that the search looks for together.
struct Bucket<'a> {
    needles: Vec<&'a [u8]>,
    /// The characters at each position that make a candidate.
    characters: [Characters; MASK],
    frequency: f64,
}

impl<'a> Bucket<'a> {
    fn new(needles: Vec<&'a [u8]>, compared: Compared) -> Self {
        let mut characters = [Characters::default(); MASK];
        for needle in &needles {
            for (characters, b) in characters.iter_mut().zip(*needle) {
                characters.insert(*b);
            }
        }
        let characters = characters.map(|characters| characters.accepted(compared));
        Self { needles, characters, frequency: frequency(&characters) }
    }

    fn with(&self, other: &Self, compared: Compared) -> [Characters; MASK] {
        let mut characters = self.characters;
        for (characters, other) in characters.iter_mut().zip(other.characters) {
            *characters = Characters(characters.0 | other.0, characters.1 | other.1).accepted(compared);
        }
        characters
    }
}

/// A set of bytes, one bit for each: ASCII and others.
#[derive(Clone, Copy, Default)]
struct Characters(u128, u128);

impl Characters {
    fn insert(&mut self, b: u8) {
        let part = if b < 128 { &mut self.0 } else { &mut self.1 };
        *part |= 1 << (b & 127);
    }

    fn iter(self) -> impl Iterator<Item = u8> {
        let bits = |set: u128| {
            std::iter::successors(Some(set), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|rest| *rest != 0)
                .map(|rest| u8::try_from(rest.trailing_zeros()).unwrap_or_default())
        };
        bits(self.0).chain(bits(self.1).map(|b| b | 128))
    }

    /// Returns the bytes that a search accepts that compares these.
    fn accepted(self, compared: Compared) -> Self {
        match compared {
            #[cfg(target_arch = "x86_64")]
            Compared::Ascii => Self(self.0, if self.1 == 0 { 0 } else { u128::MAX }),
            Compared::Halves => {
                let (mut lower, mut upper) = (0_u16, 0_u16);
                for b in self.iter() {
                    lower |= 1 << (b & 15);
                    upper |= 1 << (b >> 4);
                }
                let rows = |uppers: u16| {
                    let row = |n: u32| if uppers >> n & 1 == 1 { u128::from(lower) << (16 * n) } else { 0 };
                    (0..8).map(row).fold(0, |all, row| all | row)
                };
                Self(rows(upper & 0xff), rows(upper >> 8))
            }
        }
    }
}

/// Estimates the rate at which a bucket produces candidates, from the frequencies of single characters.
fn frequency(characters: &[Characters; MASK]) -> f64 {
    characters.iter().map(|at| at.iter().map(weight).sum::<f64>()).product()
}

/// Returns an approximate frequency of a byte in the files of a system.
fn weight(b: u8) -> f64 {
    match b {
        0 => 4.0,
        b' ' | b'e' | b't' | b'a' | b'o' | b'r' | b'i' | b's' | b'n' | b'l' => 2.0,
        b'c' | b'd' | b'u' | b'p' | b'm' | b'f' | b'g' | b'h' | b'_' | b'0' | b'\n' | b'.' | b'/' => 1.0,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => 0.4,
        0x21..=0x7e => 0.3,
        _ => 0.2,
    }
}
