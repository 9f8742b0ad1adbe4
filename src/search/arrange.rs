//! The arrangement of needles in buckets, which determines the speed of the search.

use std::collections::BTreeMap;

use super::MASK;

/// The number of buckets of the search. With shorter vectors the search has half as many and merges buckets
/// in pairs.
const BUCKETS: usize = 16;
/// The largest number of needles in a bucket. The search takes fewer than 128 needles in total, including
/// repeated needles.
const ROWS: usize = 7;

/// Arranges needles so that the search of `aho-corasick` skips as much as it can. That search distributes
/// needles to buckets by their number. Buckets of unequal size are filled by repeating a needle, which puts
/// the copy in the same bucket.
pub(super) fn arrange(needles: Vec<&[u8]>) -> Vec<&[u8]> {
    let buckets = buckets(needles.into_iter().map(|needle| vec![needle]).collect(), BUCKETS, ROWS);
    let rows = buckets.iter().map(Vec::len).max().unwrap_or_default();
    let row = |n: usize| buckets.iter().filter_map(move |b| b.get(n).or(b.first()).copied());
    (0..rows).flat_map(row).collect()
}

/// Sorts groups of needles into `count` buckets of at most `most` needles. A group stays together. The search takes every position for a
/// candidate whose first characters have the upper and lower halves of any needles in one bucket. So similar
/// needles share a bucket.
pub(super) fn buckets(groups: Vec<Vec<&[u8]>>, count: usize, most: usize) -> Vec<Vec<&[u8]>> {
    let mut buckets: BTreeMap<usize, Bucket<'_>> = groups.into_iter().map(Bucket::new).enumerate().collect();
    // The cost of merging two buckets.
    let cost = |one: &Bucket<'_>, other: &Bucket<'_>| {
        let fits = one.needles.len() + other.needles.len() <= most;
        fits.then(|| frequency(&one.with(other)) - one.frequency - other.frequency)
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
        bucket.halves = bucket.with(&moved);
        bucket.frequency = frequency(&bucket.halves);
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
    halves: [Halves; MASK],
    frequency: f64,
}

/// The upper and the lower halves of the characters at one position, one bit for each half.
#[derive(Clone, Copy, Default)]
struct Halves {
    upper: u16,
    lower: u16,
}

impl<'a> Bucket<'a> {
    fn new(needles: Vec<&'a [u8]>) -> Self {
        let mut halves = [Halves::default(); MASK];
        for needle in &needles {
            for (halves, b) in halves.iter_mut().zip(*needle) {
                halves.upper |= 1 << (b >> 4);
                halves.lower |= 1 << (b & 15);
            }
        }
        Self { needles, halves, frequency: frequency(&halves) }
    }

    fn with(&self, other: &Self) -> [Halves; MASK] {
        let mut halves = self.halves;
        for (halves, other) in halves.iter_mut().zip(other.halves) {
            halves.upper |= other.upper;
            halves.lower |= other.lower;
        }
        halves
    }
}

/// Estimates the rate at which a bucket produces candidates, from the frequencies of single characters.
fn frequency(halves: &[Halves; MASK]) -> f64 {
    let ones = |bits: u16| (0..16_u8).filter(move |n| bits >> n & 1 == 1);
    let at = |halves: &Halves| {
        let both =
            ones(halves.upper).flat_map(|upper| ones(halves.lower).map(move |lower| upper << 4 | lower));
        both.map(weight).sum::<f64>()
    };
    halves.iter().map(at).product()
}

/// Returns an approximate frequency of a byte.
fn weight(b: u8) -> f64 {
    match b {
        b' ' | b'a'..=b'z' => 1.0,
        0 | b'A'..=b'Z' | b'0'..=b'9' | b'\n' => 0.5,
        0x21..=0x7e => 0.2,
        _ => 0.02,
    }
}
