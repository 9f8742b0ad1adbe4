//! The parts of a database's pages that are remembered, within a memory limit.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{CONTEXT, POINTER, is_token_byte, token_run};

/// The maximum memory for one database.
const MEMORY: usize = 16 * 1024 * 1024;
/// The size of the blocks that hold page heads.
const BLOCK: usize = 64 * 1024 + CONTEXT;
/// The memory that a tail takes in addition to its text.
const TAIL: usize = 96;
/// The memory that the number of a page takes where pages are not in order.
const NUMBER: usize = 64;

/// The end of a page or of a cell, in which a token may begin.
pub(super) struct Tail {
    /// The offset of the text in the file.
    pub(super) offset: u64,
    /// The place of its page among all pages of the file.
    pub(super) page: u32,
    /// The page on which the text continues.
    pub(super) next: u32,
    /// The start of the token in the text. The bytes before it are context.
    pub(super) token: usize,
    pub(super) text: Zeroizing<Vec<u8>>,
    /// Whether the token may be encoded.
    pub(super) encoded: bool,
}

/// Returns the length of a possible UTF-16 token at the start of `bytes`. Half of the first character may be
/// missing.
fn wide_run(bytes: &[u8]) -> usize {
    const MOST: usize = 128;
    let run = |phase: usize| {
        let units = bytes.get(phase..).unwrap_or_default().chunks_exact(2).take(MOST / 2);
        phase + 2 * units.take_while(|unit| matches!(unit, [b, 0] if is_token_byte(*b))).count()
    };
    // A single letter next to a NUL is no evidence of a token.
    Some(run(0).max(run(1))).filter(|&run| run >= 4).unwrap_or_default()
}

/// The heads of pages and the tails of pages and cells.
#[derive(Default)]
pub(super) struct Memory {
    /// For each page: the block of its head, the offset in the block, and the length.
    heads: Vec<(u16, u32, u32)>,
    /// For each page number, the places of its versions, unless the pages are in order.
    versions: Option<HashMap<u32, Vec<u32>>>,
    blocks: Vec<Zeroizing<Vec<u8>>>,
    tails: Vec<Tail>,
    used: usize,
    full: bool,
}

impl Memory {
    /// Remembers the start of the next page if a token may continue there: its first four bytes, all bytes
    /// that may belong to a token, and some context after them.
    ///
    /// Its number is its place if the pages are in order.
    pub(super) fn add_head(&mut self, number: u32, are_in_order: bool, page: &[u8]) {
        if self.full {
            return;
        }
        if !are_in_order && self.take(NUMBER) {
            let place = u32::try_from(self.heads.len()).unwrap_or(u32::MAX);
            self.versions.get_or_insert_default().entry(number).or_default().push(place);
        }
        let text = page.get(POINTER..).unwrap_or_default();
        let run = token_run(text).max(wide_run(text));
        let len = if run == 0 { 0 } else { (POINTER + run + CONTEXT).min(page.len()) };
        self.take(size_of::<(u16, u32, u32)>());
        let fits = self.blocks.last().is_some_and(|block| block.len() + len <= BLOCK);
        if len > 0 && !fits && self.take(BLOCK) {
            self.blocks.push(Zeroizing::new(Vec::with_capacity(BLOCK)));
        }
        let place = self.blocks.last_mut().filter(|_| !self.full).map(|block| {
            let at = block.len();
            block.extend_from_slice(page.get(..len).unwrap_or_default());
            at
        });
        let number = |n: usize| u32::try_from(n).unwrap_or_default();
        let block = u16::try_from(self.blocks.len().saturating_sub(1)).unwrap_or_default();
        self.heads.push(place.map_or((0, 0, 0), |at| (block, number(at), number(len))));
    }

    /// Returns the head of a page. Page numbers start at 1. If there are several versions of the page, `version`
    /// counts them by their distance from the place `near`, the one behind it first.
    pub(super) fn head(&self, number: u32, near: u32, version: usize) -> Option<&[u8]> {
        let at = match &self.versions {
            None => number.checked_sub(1)?,
            Some(versions) => {
                let places = versions.get(&number)?;
                let behind = places.partition_point(|&place| place < near);
                let nth = version / 2;
                let index =
                    if version.is_multiple_of(2) { behind + nth } else { behind.checked_sub(nth + 1)? };
                *places.get(index)?
            }
        };
        let at = usize::try_from(at).ok()?;
        let (block, at, len) = *self.heads.get(at)?;
        let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
        self.blocks.get(usize::from(block))?.get(at..at + len).filter(|head| !head.is_empty())
    }

    /// Remembers the end of a page or a cell.
    ///
    /// `place` is the offset of the text, and the place of its page.
    pub(super) fn add_tail(
        &mut self,
        place: (u64, u32),
        next: u32,
        text: &[u8],
        token: usize,
        encoded: bool,
    ) {
        let (offset, page) = place;
        if self.take(TAIL + text.len()) {
            self.tails.push(Tail { offset, page, next, token, text: Zeroizing::new(text.to_vec()), encoded });
        }
    }

    pub(super) fn tails(&self) -> &[Tail] {
        &self.tails
    }

    /// Returns true if the memory limit was reached and something was left out.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    fn take(&mut self, bytes: usize) -> bool {
        self.full |= self.used + bytes > MEMORY;
        if !self.full {
            self.used += bytes;
        }
        !self.full
    }
}
