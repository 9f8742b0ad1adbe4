//! The results of reading the source of an image.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use super::Scan;
use super::budget::Budget;
use super::gap::occurrences_in_gap;
use super::search::search_rest;
use crate::detect::{Occurrence, TokenSummary};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::image::Inventory;
use crate::mask::Message;
use crate::source::{Around, Blob};
use crate::stream::{Bounds, Gap};
use crate::verdict::BlobVerdict;

/// The maximum number of tokens listed for an archive's own bytes.
const MAX_AROUND: usize = 1000;
/// The approximate memory cost of a blob, in addition to its name.
const BLOB: usize = 500;

/// The contents of a source, as far as they were read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) inventory: Inventory,
    /// The verdict on each blob that was read.
    pub(crate) verdicts: BTreeMap<usize, BlobVerdict>,
    /// Tokens in the archive's own bytes, with the name of the adjacent entry.
    pub(crate) around: Vec<(Vec<u8>, Occurrence)>,
    pub(crate) problems: Vec<Problem>,
    overflowed: bool,
}

impl Gathered {
    /// Adds a blob that the source lists. Returns its number.
    pub(super) fn add_blob(&mut self, blob: Blob, budget: &Budget) -> usize {
        if !budget.take(3 * blob.name.len() + BLOB) {
            self.overflow();
            return self.inventory.add_nameless(blob);
        }
        let name = blob.name.clone();
        let (number, is_new) = self.inventory.add(blob);
        if !is_new {
            // Tools disagree on which of the two counts when they load the archive.
            let detail = Message::own("the archive has two entries of that name");
            self.problems.push(Problem::error(Code::Corrupt, Place::entry(&name), detail));
        }
        number
    }

    /// Adds a link that the source lists.
    pub(super) fn add_link(&mut self, from: &[u8], to: &[u8], budget: &Budget) {
        if budget.take(2 * (from.len() + to.len()) + 100) {
            self.inventory.add_link(from, to);
        } else {
            self.overflow();
        }
    }

    /// Adds tokens in the archive's own bytes.
    pub(super) fn add_around(&mut self, found: impl IntoIterator<Item = (Vec<u8>, Occurrence)>) {
        self.around.extend(found);
        if self.around.len() > MAX_AROUND {
            self.around.truncate(MAX_AROUND);
            self.overflow();
        }
    }

    /// Adds tokens that occur in the compressed bytes of the archive but in none of the decoded content.
    pub(super) fn add_stored(&mut self, mut stored: Vec<Occurrence>) {
        if stored.is_empty() {
            return;
        }
        let mut known: BTreeSet<TokenSummary> = self.around.iter().map(|(_, o)| o.token.clone()).collect();
        known.extend(self.verdicts.values().flat_map(BlobVerdict::tokens));
        stored.retain(|occurrence| !known.contains(&occurrence.token));
        self.add_around(stored.into_iter().map(|occurrence| (Vec::new(), occurrence)));
    }

    /// Removes the blobs of images that are left out.
    pub(crate) fn leave_out(&mut self, unwanted: &BTreeSet<usize>) {
        self.verdicts.retain(|number, _| !unwanted.contains(number));
    }

    /// Returns true if names or tokens were left out because of the memory limit.
    pub(super) fn is_overflowed(&self) -> bool {
        self.overflowed
    }

    fn overflow(&mut self) {
        if !std::mem::replace(&mut self.overflowed, true) {
            self.problems.push(Budget::overflow().at(Place::Archive));
        }
    }

    /// Returns a blob as the place of a problem.
    pub(crate) fn place(&self, number: usize) -> Place {
        Place::entry(self.inventory.name(number))
    }
}

/// A search of the bytes that belong to none of an archive's entries.
pub(super) struct SearchAround<'a> {
    pub(super) scan: Scan<'a>,
    pub(super) gathered: Gathered,
}

impl Around for SearchAround<'_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        let name = gap.entry.map(|entry| &entry.path[..]).unwrap_or_default();
        let found = occurrences_in_gap(gap).into_iter();
        self.gathered.add_around(found.map(|(_, occurrence)| (name.to_vec(), occurrence)));
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        let (rest, outcome) = search_rest(&mut self.scan.unpacker(), bounds, bytes);
        self.gathered.add_around(rest.occurrences.into_iter().map(|occurrence| (Vec::new(), occurrence)));
        outcome
    }
}
