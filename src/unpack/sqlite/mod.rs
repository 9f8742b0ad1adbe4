//! Tokens that the pages of an `SQLite` database cut in two (<https://www.sqlite.org/fileformat.html>). The
//! search of the raw bytes finds every token within a single page, including free pages. However, a long
//! value continues in overflow pages anywhere in the file, and a token may cross such a border.
//!
//! Chains are not followed. Each border is joined on its own, from the remembered bytes of its two sides, so
//! invalid or circular page numbers cost nothing. Of a deleted row, only the content remains. Therefore a
//! border is also recognised by its appearance: half a token, followed by four bytes that are a page number.

mod cells;
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
use memory::{Memory, Tail};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The length of the part of the file header that determines the page size.
const HEADER: usize = 21;
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

/// A database that is read page by page.
pub(crate) struct Pages {
    page_size: usize,
    /// The number of bytes of a page that are in use. Extensions may reserve some bytes at its end.
    usable: usize,
    page: Zeroizing<Vec<u8>>,
    /// The number of pages read so far.
    count: u32,
    memory: Memory,
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
    /// Returns a reader if `head` is the start of a database. The bytes of `head` have to be fed as well.
    pub(crate) fn begin(head: &[u8]) -> Option<Self> {
        let header = head.get(..HEADER).filter(|header| header.starts_with(MAGIC))?;
        let page_size = match header.get(16..18)? {
            [0, 1] => 65536,
            [high, low] => usize::from(*high) << 8 | usize::from(*low),
            _ => return None,
        };
        let usable = page_size.checked_sub(usize::from(*header.get(20)?))?;
        let valid = page_size.is_power_of_two() && page_size >= 512 && usable >= 480;
        valid.then(|| Self {
            page_size,
            usable,
            page: Zeroizing::new(Vec::with_capacity(page_size)),
            count: 0,
            memory: Memory::default(),
        })
    }

    /// Reads the next piece of the file.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.page_size - self.page.len();
            let (head, rest) = bytes.split_at(bytes.len().min(room));
            self.page.extend_from_slice(head);
            bytes = rest;
            if self.page.len() == self.page_size {
                let mut page = std::mem::take(&mut self.page);
                self.read_page(&page);
                page.clear();
                self.page = page;
            }
        }
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

    fn read_page(&mut self, page: &[u8]) {
        self.count = self.count.saturating_add(1);
        let page_at = u64::from(self.count - 1) * self.page_size as u64;
        let content = page.get(..self.usable).unwrap_or_default();
        self.memory.add_head(content);
        // Offsets at which the content may be cut, each with the page on which it continues.
        let mut cuts = Vec::new();
        if let Some(next) = page_number(content, 0) {
            cuts.push((content.len(), next));
        }
        cells::cuts(content, self.count == 1, &mut cuts);
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
            self.memory.add_tail(page_at + from as u64, next, text, token, encoded.is_some());
        }
    }

    /// Returns the tokens that begin in a tail and end after it.
    fn search(&self, tail: &Tail) -> Vec<Occurrence> {
        let joined = self.join(tail);
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
    fn join(&self, tail: &Tail) -> Zeroizing<Vec<u8>> {
        let mut joined = Zeroizing::new(Vec::with_capacity(tail.text.len() + MAX_TOKEN + CONTEXT));
        joined.extend_from_slice(&tail.text);
        let mut next = tail.next;
        // A web token may fill whole pages. Each of those pages is the head of the next border.
        while let Some((number, text)) =
            self.memory.head(next).and_then(|head| head.split_at_checked(POINTER))
        {
            let (first, rest) = text.split_at(text.len().min(SHORT_TOKEN + CONTEXT));
            joined.extend_from_slice(first);
            if !detect::may_be_web(joined.get(tail.token..).unwrap_or_default()) {
                break;
            }
            let room = joined.capacity() - joined.len();
            joined.extend_from_slice(rest.get(..room).unwrap_or(rest));
            let fills = text.len() >= self.usable - POINTER && joined.capacity() - joined.len() > text.len();
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
