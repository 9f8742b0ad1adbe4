//! Tokens that the pages of an `SQLite` database cut in two (<https://www.sqlite.org/fileformat.html>). The
//! search of the raw bytes finds every token within a single page, including free pages. However, a long
//! value continues in overflow pages anywhere in the file, and a token may cross such a border.
//!
//! Chains are not followed. Each border is joined on its own, from the remembered bytes of its two sides, so
//! invalid or circular page numbers cost nothing. In logs and journals, which hold a page several times, each
//! border is joined with the versions of the next page that lie closest to it. Of a deleted row, only the content remains. Therefore a
//! border is also recognised by its appearance: half a token, followed by four bytes that are a page number.

mod cells;
mod layout;
mod memory;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::bytes::Regex;
use zeroize::Zeroizing;

use super::MAX_IN_FILE;
use crate::detect;
use crate::detect::Occurrence;
use crate::detect::Step;
use crate::detect::StepKind;
use crate::hub::tokens;
use layout::{Kind, Layout, Segment};
use memory::{Memory, Tail};

/// The maximum length of a token that is distinguished from text.
const MAX_TOKEN: usize = 16 * 1024;
/// The maximum length of a token other than a web token, with some margin.
const SHORT_TOKEN: usize = 64;
/// The maximum number of bytes of an encoded token before a border.
const MAX_ENCODED: usize = 512;
/// The number of bytes kept before and after a token, for judging its context.
const CONTEXT: usize = 64;
/// The length of the page number at the start of an overflow page, which names the next one.
const POINTER: usize = 4;
/// The largest number of versions of a page that a border is joined with.
const VERSIONS: usize = 8;

/// A file with pages of a database that is read page by page.
pub(crate) struct Pages {
    layout: Layout,
    next: Next,
    /// The offset of the unit in the file.
    at: u64,
    /// The number of bytes to pass before the unit.
    skipped: u64,
    /// The bytes read so far of a header, or of a page with the bytes around it.
    unit: Zeroizing<Vec<u8>>,
    /// The number of pages read so far.
    count: u32,
    memory: Memory,
}

/// The next part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Header,
    /// A page. If their number is known, this many are left, then the next header.
    Page(Option<(u32, Segment)>),
    /// Nothing that is known.
    Nothing,
}

/// The result of reading a database.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The tokens that cross a border, in order of offset.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Whether the memory limit was reached, so that there may be more tokens.
    pub(crate) limited: bool,
}

impl Pages {
    /// Returns a reader if `head` is the start of a database, or of its log or journal. The bytes of `head` have
    /// to be fed as well.
    pub(crate) fn begin(head: &[u8]) -> Option<Self> {
        let layout = Layout::of(head)?;
        let next = if layout.kind == Kind::Database { Next::Page(None) } else { Next::Header };
        Some(Self {
            layout,
            next,
            at: 0,
            skipped: 0,
            unit: Zeroizing::new(Vec::with_capacity(layout.page_size + 32)),
            count: 0,
            memory: Memory::default(),
        })
    }

    /// Reads the next piece of the file.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (before, behind) = self.layout.around();
            let size = match self.next {
                Next::Header => self.layout.header(),
                Next::Page(_) => before + self.layout.page_size + behind,
                Next::Nothing => return,
            };
            if self.skipped > 0 {
                let skipped = usize::try_from(self.skipped).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(skipped..).unwrap_or_default();
                self.skipped -= skipped as u64;
                self.at += skipped as u64;
                continue;
            }
            let (head, rest) = bytes.split_at(bytes.len().min(size - self.unit.len()));
            self.unit.extend_from_slice(head);
            bytes = rest;
            if self.unit.len() == size {
                let mut unit = std::mem::take(&mut self.unit);
                self.read_unit(&unit);
                self.at += size as u64;
                self.find_next(&unit);
                unit.clear();
                self.unit = unit;
            }
        }
    }

    /// Reads a page with the bytes around it.
    fn read_unit(&mut self, unit: &[u8]) {
        if !matches!(self.next, Next::Page(_)) {
            return;
        }
        self.count = self.count.saturating_add(1);
        let (before, _) = self.layout.around();
        let page = unit.get(before..before + self.layout.page_size).unwrap_or_default();
        let number = match self.layout.kind {
            Kind::Database => self.count,
            Kind::Log | Kind::Journal => layout::number(unit, 0).unwrap_or_default(),
        };
        self.read_page(number, self.at + before as u64, page);
    }

    /// Decides what comes after a unit, which ends at `self.at`.
    fn find_next(&mut self, unit: &[u8]) {
        self.next = match self.next {
            Next::Header if self.layout.kind == Kind::Journal => {
                match Segment::read(unit, self.layout.page_size) {
                    Some(segment) => {
                        self.skipped = segment.padding();
                        Next::Page(segment.pages.map(|pages| (pages, segment)))
                    }
                    None => Next::Nothing,
                }
            }
            Next::Header => Next::Page(None),
            Next::Page(Some((..=1, segment))) => {
                self.skipped = self.at.next_multiple_of(segment.sector) - self.at;
                Next::Header
            }
            Next::Page(Some((left, segment))) => Next::Page(Some((left - 1, segment))),
            next => next,
        };
    }

    /// Ends the file and searches across the borders. A truncated last page is ignored.
    pub(crate) fn finish(self) -> Found {
        let mut occurrences = Vec::new();
        let mut seen = HashSet::new();
        for tail in self.memory.tails() {
            for occurrence in self.search(tail) {
                if seen.insert((occurrence.offset, occurrence.token.clone())) {
                    occurrences.push(occurrence);
                }
            }
        }
        occurrences.sort_by_key(|occurrence| occurrence.offset);
        // One more than is kept, to reveal that there are more.
        occurrences.truncate(MAX_IN_FILE + 1);
        Found { occurrences, limited: self.memory.is_full() }
    }

    fn read_page(&mut self, number: u32, page_at: u64, page: &[u8]) {
        if let Some(layout) = Layout::of(page).filter(|_| number == 1) {
            self.layout.usable = layout.usable.min(self.layout.page_size);
        }
        let content = page.get(..self.layout.usable).unwrap_or_default();
        self.memory.add_head(number, self.layout.kind == Kind::Database, content);
        // Offsets at which the content may be cut, each with the page on which it continues.
        let mut cuts = Vec::new();
        if let Some(next) = page_number(content, 0) {
            cuts.push((content.len(), next));
        }
        cells::cuts(content, number == 1, &mut cuts);
        cuts.sort_unstable();
        cuts.dedup();
        let mut encoded = encoded_halves(content, &cuts);
        let starts = starts(content);
        cuts.extend(starts.iter().filter_map(|start| Some((start.end, page_number(content, start.end)?))));
        cuts.sort_unstable();
        cuts.dedup();
        for (end, next) in cuts {
            if self.memory.is_full() {
                break;
            }
            let encoded = encoded.remove(&end);
            let plain = start_of_half(content, &starts, end);
            let Some(start) = [plain, encoded].into_iter().flatten().min() else { continue };
            let from = start.saturating_sub(if encoded.is_some() { 2 * CONTEXT } else { CONTEXT });
            let text = content.get(from..end).unwrap_or_default();
            let token = plain.unwrap_or(start) - from;
            let place = (page_at + from as u64, self.count.saturating_sub(1));
            self.memory.add_tail(place, next, text, token, encoded.is_some());
        }
    }

    /// Returns the tokens that begin in a tail and end after it.
    fn search(&self, tail: &Tail) -> Vec<Occurrence> {
        let versions = if self.layout.kind == Kind::Database { 1 } else { VERSIONS };
        (0..versions).flat_map(|version| self.search_with(tail, version)).collect()
    }

    fn search_with(&self, tail: &Tail, version: usize) -> Vec<Occurrence> {
        let joined = self.join(tail, version);
        let border = tail.text.len();
        let begins = joined.get(tail.token..).unwrap_or_default();
        let is_plain = tokens::at(begins).is_some();
        if joined.len() == border || !(is_plain || tail.encoded) {
            return Vec::new();
        }
        let mut found = detect::find_in_binary(&joined);
        let border = border as u64;
        found.retain(|occurrence| {
            let is_whole = occurrence.via.is_empty() || tail.encoded;
            is_whole && occurrence.at.start < border && occurrence.at.end > border
        });
        for occurrence in &mut found {
            occurrence.move_to(occurrence.at.start + tail.offset);
            // The end of the part of the token before the border.
            occurrence.at.end = border + tail.offset;
            occurrence.position = None;
            let step = Step::new(StepKind::Pages, occurrence.at.clone());
            occurrence.reached_by(step);
        }
        found
    }

    /// Joins a tail with the bytes that follow it, as far as a token may reach.
    fn join(&self, tail: &Tail, version: usize) -> Zeroizing<Vec<u8>> {
        let mut joined = Zeroizing::new(Vec::with_capacity(tail.text.len() + MAX_TOKEN + CONTEXT));
        joined.extend_from_slice(&tail.text);
        let mut next = tail.next;
        // A web token may fill whole pages. Each of those pages is the head of the next border.
        while let Some((number, text)) =
            self.memory.head(next, tail.page, version).and_then(|head| head.split_at_checked(POINTER))
        {
            let (first, rest) = text.split_at(text.len().min(SHORT_TOKEN + CONTEXT));
            joined.extend_from_slice(first);
            if !detect::may_be_web(joined.get(tail.token..).unwrap_or_default()) {
                break;
            }
            let room = joined.capacity() - joined.len();
            joined.extend_from_slice(rest.get(..room).unwrap_or(rest));
            let fills = text.len() >= self.layout.usable.saturating_sub(POINTER)
                && joined.capacity() - joined.len() > text.len();
            match page_number(number, 0).filter(|_| fills) {
                Some(number) => next = number,
                None => break,
            }
        }
        joined
    }
}

/// Reads the page number at `at`. Returns `None` if nothing can continue on that page: page 1 holds the
/// schema.
fn page_number(bytes: &[u8], at: usize) -> Option<u32> {
    let number = bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
    (2..u32::MAX).contains(&number).then_some(number)
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

/// Returns the length of a possible token at the start of `bytes`.
fn token_run(bytes: &[u8]) -> usize {
    bytes.iter().position(|&b| !is_token_byte(b)).unwrap_or(bytes.len())
}

/// The possible start of a token, and the offset of the first byte that cannot belong to it.
struct Start {
    at: usize,
    end: usize,
}

/// Returns the possible starts of tokens in ascending order.
fn starts(content: &[u8]) -> Vec<Start> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
        let prefixes: Vec<String> = tokens::roots().map(regex::escape).collect();
        Regex::new(&format!("(?-u){}", prefixes.join("|"))).expect("a valid pattern")
    });
    let mut end = 0;
    let starts = PREFIX.find_iter(content).map(|found| {
        let at = found.start();
        if at >= end {
            end = at + token_run(content.get(at..).unwrap_or_default());
        }
        Start { at, end }
    });
    starts.collect()
}

/// Returns the start of the token that is cut at `end`, if there may be one.
fn start_of_half(content: &[u8], starts: &[Start], end: usize) -> Option<usize> {
    let before = content.get(..end)?;
    let last =
        starts.partition_point(|start| start.at < end).checked_sub(1).and_then(|last| starts.get(last));
    if let Some(start) = last {
        let text = before.get(start.at..)?;
        if start.end >= end && text.len() < if detect::may_be_web(text) { MAX_TOKEN } else { SHORT_TOKEN } {
            return Some(start.at);
        }
    }
    // Only a part of the prefix may be before the border.
    let part = |prefix: &[u8]| {
        (1..prefix.len()).rev().find(|&len| prefix.get(..len).is_some_and(|part| before.ends_with(part)))
    };
    tokens::roots().filter_map(|prefix| part(prefix.as_bytes())).max().map(|len| end - len)
}

/// Returns the possible starts of encoded tokens that are cut, by the offset of the cut.
fn encoded_halves(content: &[u8], cuts: &[(usize, u32)]) -> HashMap<usize, usize> {
    // Overlapping cells must not raise the cost above that of their page.
    let mut room = (2 * content.len()).max(16 * MAX_ENCODED);
    let mut halves = HashMap::new();
    for &(end, _) in cuts {
        let from = end.saturating_sub(MAX_ENCODED);
        let text = content.get(from..end).unwrap_or_default();
        match room.checked_sub(text.len()) {
            Some(left) => room = left,
            None => break,
        }
        halves.extend(detect::cut_at_end(text).map(|start| (end, from + start)));
    }
    halves
}

#[cfg(test)]
mod tests;
