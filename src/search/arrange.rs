//! Which needles are looked for together, on which the speed of the search depends.

use std::collections::BTreeMap;

use super::MASK;

/// How many buckets the search has. Where vectors are shorter it has half as many, and puts two together.
const BUCKETS: usize = 16;
/// The most needles of a bucket. The search takes fewer than 128 in all, repeated ones included.
const ROWS: usize = 7;

/// Puts needles into an order in which the search of `aho-corasick` passes over as much as it can. It sorts them into
/// buckets by their number. Buckets of unequal size are filled up by repeating a needle, which puts it into
/// the bucket where it is.
pub(super) fn arrange(needles: Vec<&[u8]>) -> Vec<&[u8]> {
    let buckets = buckets(needles, BUCKETS, ROWS);
    let rows = buckets.iter().map(Vec::len).max().unwrap_or_default();
    let row = |n: usize| buckets.iter().filter_map(move |b| b.get(n).or(b.first()).copied());
    (0..rows).flat_map(row).collect()
}

/// Sorts needles into so many buckets, of so many needles at most. A search looks closely at every place whose first
/// characters have the upper halves and the lower halves of any in one bucket: so like goes with like.
pub(super) fn buckets(needles: Vec<&[u8]>, count: usize, most: usize) -> Vec<Vec<&[u8]>> {
    let mut buckets: BTreeMap<usize, Bucket<'_>> = needles.into_iter().map(Bucket::new).enumerate().collect();
    // What putting two together costs.
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

/// Needles that the search looks for at once.
struct Bucket<'a> {
    needles: Vec<&'a [u8]>,
    halves: [Halves; MASK],
    frequency: f64,
}

/// Which upper and which lower halves the characters at one place have, a bit each.
#[derive(Clone, Copy, Default)]
struct Halves {
    upper: u16,
    lower: u16,
}

impl<'a> Bucket<'a> {
    fn new(needle: &'a [u8]) -> Self {
        let mut halves = [Halves::default(); MASK];
        for (halves, b) in halves.iter_mut().zip(needle) {
            *halves = Halves { upper: 1 << (b >> 4), lower: 1 << (b & 15) };
        }
        Self { needles: vec![needle], halves, frequency: frequency(&halves) }
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

/// How often a bucket makes the search look closely, as far as single characters tell.
fn frequency(halves: &[Halves; MASK]) -> f64 {
    let ones = |bits: u16| (0..16_u8).filter(move |n| bits >> n & 1 == 1);
    let at = |halves: &Halves| {
        let both =
            ones(halves.upper).flat_map(|upper| ones(halves.lower).map(move |lower| upper << 4 | lower));
        both.map(weight).sum::<f64>()
    };
    halves.iter().map(at).product()
}

/// How common a byte is, roughly.
fn weight(b: u8) -> f64 {
    match b {
        b' ' | b'a'..=b'z' => 1.0,
        0 | b'A'..=b'Z' | b'0'..=b'9' | b'\n' => 0.5,
        0x21..=0x7e => 0.2,
        _ => 0.02,
    }
}
