//! The places of decoded bytes in the encoded bytes.

use std::ops::Range;

/// The maximum number of marks. Beyond it, every second one is dropped, and places become coarse.
const MOST: usize = 4096;

/// The places of the bytes of a run, as marks between which the places are proportional.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The numbers of encoded and of decoded bytes in one unit.
    ratio: (u64, u64),
    /// The offset of a decoded byte, and the offset of its encoded form.
    marks: Vec<(u64, u64)>,
    /// Whether places are known at marks alone.
    is_coarse: bool,
}

impl Places {
    /// Creates places in which `ratio.0` encoded bytes give `ratio.1` bytes. The first begins at `start`.
    pub(super) fn new(ratio: (u64, u64), start: u64) -> Self {
        Self { ratio, marks: vec![(0, start)], is_coarse: false }
    }

    /// Creates places that are known at marks alone.
    pub(super) fn coarse(start: u64) -> Self {
        Self { is_coarse: true, ..Self::new((1, 1), start) }
    }

    /// Records that the encoded form of the decoded byte at `decoded` begins at `encoded`.
    pub(super) fn mark(&mut self, decoded: u64, encoded: u64) {
        if self.marks.len() >= MOST {
            self.is_coarse = true;
            let mut n = 0_usize;
            self.marks.retain(|_| {
                n += 1;
                n % 2 == 1
            });
        }
        match self.marks.last_mut() {
            Some(last) if last.0 == decoded => last.1 = encoded,
            _ => self.marks.push((decoded, encoded)),
        }
    }

    /// Returns the encoded range of decoded bytes. The encoded bytes end at `end`.
    pub(super) fn encoded(&self, decoded: &Range<u64>, end: u64) -> Range<u64> {
        let start = self.at(decoded.start, false, end);
        let last = decoded.end.saturating_sub(1).max(decoded.start);
        start..self.at(last, true, end).max(start + 1)
    }

    /// Returns the offset at which the encoded form of a byte begins or ends.
    fn at(&self, decoded: u64, ends: bool, end: u64) -> u64 {
        let behind = self.marks.partition_point(|mark| mark.0 <= decoded);
        let next = self.marks.get(behind).copied();
        let mark = behind.checked_sub(1).and_then(|at| self.marks.get(at));
        let (base, start) = mark.copied().unwrap_or_default();
        let until = next.map_or(end, |(_, encoded)| encoded);
        if self.is_coarse {
            return if ends { until } else { start };
        }
        let (encoded, unit) = self.ratio;
        // The form of a single byte may be of any length.
        if ends && self.ratio == (1, 1) && next.is_some_and(|(first, _)| first == decoded + 1) {
            return until;
        }
        let units = decoded.saturating_sub(base).saturating_add(u64::from(ends)).saturating_mul(encoded);
        (start + if ends { units.div_ceil(unit) } else { units / unit }).min(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_exact_until_there_are_too_many_marks() {
        let mut base64 = Places::new((4, 3), 100);
        base64.mark(57, 177);
        assert_eq!(base64.encoded(&(0..3), 254), 100..104);
        assert_eq!(base64.encoded(&(1..5), 254), 101..107);
        assert_eq!(base64.encoded(&(54..60), 254), 172..181);
        assert_eq!(base64.encoded(&(57..200), 254), 177..254);
        let mut escapes = Places::new((1, 1), 10);
        for n in 0..2 * MOST as u64 {
            escapes.mark(n, 10 + 3 * n);
        }
        assert!(escapes.marks.len() <= MOST);
        let place = escapes.encoded(&(1000..1037), u64::MAX);
        assert!(place.start <= 10 + 3 * 1000 && place.end >= 10 + 3 * 1037, "{place:?}");
    }
}
