//! Tokens that the pages of an `SQLite` database cut in two (<https://www.sqlite.org/fileformat.html>). What lies in
//! one page, freed ones included, the search of the raw bytes finds; a long value goes on in overflow pages
//! anywhere in the file, and a token may lie across such a border.
//!
//! Chains are not followed: each border is joined by itself, from what was remembered of its two sides, so that
//! wild or circular page numbers cost nothing. Since the content of a deleted row is all that is left of it, a
//! border is told by what it looks like as well: half a token, and behind it four bytes that are a page number.

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
/// What of the file's header says how large its pages are.
const HEADER: usize = 21;
/// The longest token that is told apart from text.
const MAX_TOKEN: usize = 16 * 1024;
/// The longest token that is no web token, and a little more.
const SHORT_TOKEN: usize = 64;
/// How much of an encoded token may stand in front of a border.
const MAX_ENCODED: usize = 512;
/// How much is kept in front of a token and behind it, by which its surroundings are judged.
const CONTEXT: usize = 64;
/// The number of the page on which an overflow page goes on.
const POINTER: usize = 4;

/// A database that is read page by page.
pub(crate) struct Pages {
    page_size: usize,
    /// How much of a page is in use: extensions may keep some bytes at its end for themselves.
    usable: usize,
    page: Zeroizing<Vec<u8>>,
    /// How many pages have been read.
    count: u32,
    memory: Memory,
}

/// What came of reading a database.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The tokens that lie across a border, in order of offset.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Whether more would have had to be remembered than is allowed: there may be further ones.
    pub(crate) limited: bool,
}

impl Pages {
    /// The database that begins with `head`, if it is one. The first bytes of it are to be fed as well.
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

    /// Ends the file and searches across the borders. A page that breaks off counts for nothing.
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
        // One more than are kept, so that more can be told from all.
        occurrences.truncate(MAX_IN_FILE + 1);
        Found { occurrences, limited: self.memory.is_full() }
    }

    fn read_page(&mut self, page: &[u8]) {
        self.count = self.count.saturating_add(1);
        let page_at = u64::from(self.count - 1) * self.page_size as u64;
        let content = page.get(..self.usable).unwrap_or_default();
        self.memory.add_head(content);
        // Where the content may be cut, each with the page on which it goes on.
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

    /// The tokens that begin in a tail and end behind it.
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
            // All of it that stands there.
            occurrence.at.end = border + tail.offset;
            occurrence.position = None;
            let step = Step::new(StepKind::Pages, occurrence.at.clone());
            occurrence.reached_by(step);
        }
        found
    }

    /// A tail with what follows it, as far as a token may reach.
    fn join(&self, tail: &Tail) -> Zeroizing<Vec<u8>> {
        let mut joined = Zeroizing::new(Vec::with_capacity(tail.text.len() + MAX_TOKEN + CONTEXT));
        joined.extend_from_slice(&tail.text);
        let mut next = tail.next;
        // A web token may fill pages; each of them is the head of the next border.
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

/// The page number at `at`, if it can be one that something goes on at: the first page holds the schema.
fn page_number(bytes: &[u8], at: usize) -> Option<u32> {
    let number = bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
    (2..u32::MAX).contains(&number).then_some(number)
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

/// How many bytes of a token there may be at the start of `bytes`.
fn token_run(bytes: &[u8]) -> usize {
    bytes.iter().position(|&b| !is_token_byte(b)).unwrap_or(bytes.len())
}

/// Where a token may begin, and where the first byte stands that belongs to none.
struct Start {
    at: usize,
    end: usize,
}

/// Where tokens may begin, in rising order.
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

/// Where the token begins that is cut at `end`, if one may be.
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
    // A part of a prefix may be all that is there.
    let part = |prefix: &[u8]| {
        (1..prefix.len()).rev().find(|&len| prefix.get(..len).is_some_and(|part| before.ends_with(part)))
    };
    tokens::roots().filter_map(|prefix| part(prefix.as_bytes())).max().map(|len| end - len)
}

/// Where encoded tokens begin that may be cut, by where that is.
fn encoded_halves(content: &[u8], cuts: &[(usize, u32)]) -> HashMap<usize, usize> {
    // Cells that overlap must not make this cost more than their page.
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
