//! The tokens of the containers in a content, and how they are listed with those of its own bytes.

use std::collections::HashMap;
use std::ops::Range;

use super::Level;
use crate::detect::Occurrence;
use crate::unpack::found::Found;
use crate::unpack::limits::MAX_IN_FILE;

/// The tokens found in one container.
pub(super) struct Inner {
    /// The range of the container in this content.
    raw: Range<u64>,
    /// Whether the entered content covers only part of the container. In that case its step names the part.
    is_part: bool,
    occurrences: Vec<Occurrence>,
}

impl Level<'_, '_> {
    /// Adds tokens that were found in a container.
    pub(super) fn keep(&mut self, raw: Range<u64>, is_part: bool, mut occurrences: Vec<Occurrence>) {
        let known: usize = self.inner.iter().map(|inner| inner.occurrences.len()).sum();
        occurrences.truncate((MAX_IN_FILE + 1).saturating_sub(known));
        self.inner.push(Inner { raw, is_part, occurrences });
    }

    /// Adds credentials that are known by the path of their file alone. Its bytes are searched elsewhere as well, where
    /// some of them may have been found without the path.
    pub(in crate::unpack) fn keep_by_path(&mut self, occurrences: Vec<Occurrence>) {
        let is_new = |found: &Occurrence| {
            !found.is_unknown() || occurrences.iter().all(|kept| kept.text != found.text)
        };
        self.inner.iter_mut().for_each(|inner| inner.occurrences.retain(is_new));
        self.keep(0..0, true, occurrences);
    }

    /// Sets the range of all containers but the first `known`.
    pub(super) fn place(&mut self, known: usize, range: Range<u64>) {
        for inner in self.inner.iter_mut().skip(known) {
            inner.raw = range.clone();
            let steps = inner.occurrences.iter_mut().filter_map(|occurrence| occurrence.via.first_mut());
            for step in steps.filter(|_| !inner.is_part) {
                step.range = (range.start, range.end);
            }
        }
    }

    /// Merges the results of all readings. A token that is visible in the content's own bytes, inside a
    /// container, is found again by decoding the container. It is listed once, with the shortest way.
    pub(super) fn merge(self) -> Found {
        let mut found = self.found;
        let key = |occurrence: &Occurrence| (occurrence.token.clone(), occurrence.text.clone());
        let mut seen: HashMap<_, Vec<u64>> = HashMap::new();
        for occurrence in &found.occurrences {
            seen.entry(key(occurrence)).or_default().push(occurrence.at.start);
        }
        for mut inner in self.inner {
            inner.occurrences.sort_by_key(|occurrence| occurrence.via.len());
            inner.occurrences.retain(|occurrence| {
                let Some(places) = seen.get_mut(&key(occurrence)) else { return true };
                let Some(place) = places.iter().position(|place| inner.raw.contains(place)) else {
                    return true;
                };
                places.swap_remove(place);
                false
            });
            found.occurrences.append(&mut inner.occurrences);
        }
        found
    }
}
