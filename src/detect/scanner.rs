//! The search over a stream of any length. The stream is fed in pieces of any size, and the result is the
//! same as for a search of the whole.

use std::collections::HashMap;
use std::ops::Range;

use super::credential::Named;
use super::encoding::{self, Encoded, Found, KEPT, Runs, Token};
use super::known;
use super::narrowed::Narrowed;
use super::nested::{DEPTH, Nested, Packed};
use super::position::{self, Lines};
use super::shape::Context;
use super::{Confidence, Occurrence, Step, StepKind, TokenKind, TokenSummary};
use crate::search::Marks;
use crate::sensitive::Sensitive;

/// The number of bytes of a new piece that are first joined to the rest of the previous piece. More bytes
/// are joined in steps of [`JOIN_MORE`] until everything in the rest has been decided.
const JOIN: usize = 2 * KEPT;
const JOIN_MORE: usize = 16 * 1024;

/// Searches a stream. Memory use is bounded by the longest token, not by the length of the stream.
#[derive(Default)]
pub(crate) struct Scanner {
    /// The end of the bytes that have been fed: the undecided bytes and their context.
    tail: Sensitive,
    /// The offset in the stream of the first byte of `tail`.
    tail_start: u64,
    /// The offset in the stream up to which all candidates have been judged.
    judged: u64,
    lines: Lines,
    runs: Runs,
    found: Vec<Occurrence>,
    limit: Option<usize>,
    /// Whether the stream is known to be part of a binary file.
    in_binary: bool,
    narrowed: Narrowed,
    /// The search for values that names mark as tokens, if the stream is content of a file.
    named: Option<Named>,
    nested: Nested,
}

impl Scanner {
    /// Creates a search at the start of a stream.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Creates a search that lists at most `limit` tokens.
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self::nested(0, Some(limit))
    }

    /// Creates a search for content that `depth` encodings surround.
    pub(super) fn nested(depth: usize, limit: Option<usize>) -> Self {
        Self { limit, nested: Nested::new(depth, limit), ..Self::default() }
    }

    /// Lists values of unknown shape as well, if a name in the text marks them as tokens.
    pub(crate) fn with_names(self) -> Self {
        Self { named: Some(Named::default()), nested: self.nested.with_names(), ..self }
    }

    /// Creates a search for content that was extracted from a binary file.
    pub(super) fn in_binary() -> Self {
        Self::default().within_binary()
    }

    /// Searches content that was extracted from a binary file.
    pub(crate) fn within_binary(self) -> Self {
        Self { in_binary: true, ..self }
    }

    /// Creates a search for which tokens need no boundaries, neither here nor in what is decoded.
    pub(super) fn loose(depth: usize) -> Self {
        Self { in_binary: true, nested: Nested::loose(depth), ..Self::default() }
    }

    /// Searches the next piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        let depth = self.nested.depth() + 1;
        if depth <= DEPTH {
            self.narrowed.feed(piece, depth, self.limit);
        }
        self.lines.look_for_nul(self.tail_start + self.tail.len() as u64, piece);
        // The offset of the piece in the tail that it is joined to.
        let piece_at = self.tail.len();
        let mut behind = piece;
        let mut join = JOIN;
        while !self.tail.is_empty() {
            let (head, rest) = behind.split_at(behind.len().min(join));
            behind = rest;
            self.tail.extend(head);
            let tail = std::mem::take(&mut self.tail);
            let judged = self.judge(&tail, false);
            self.tail = tail;
            if behind.is_empty() {
                self.drop_front(judged.saturating_sub(KEPT));
                return;
            }
            if judged >= piece_at + KEPT {
                // From here on, the piece itself holds all the context that is needed.
                self.drop_front(piece_at);
                self.tail.clear();
            }
            join = JOIN_MORE;
        }
        let judged = self.judge(piece, false);
        let (passed, kept) = piece.split_at(judged.saturating_sub(KEPT));
        self.pass(passed);
        self.tail.extend(kept);
    }

    /// Ends the stream and returns its occurrences in order of offset.
    pub(crate) fn finish(self) -> Vec<Occurrence> {
        self.finish_with_packed().0
    }

    /// Ends the stream and returns its occurrences in order of offset, and encoded data that is compressed.
    pub(crate) fn finish_with_packed(mut self) -> (Vec<Occurrence>, Vec<Packed>) {
        let tail = std::mem::take(&mut self.tail);
        self.judge(&tail, true);
        if !self.lines.is_text() {
            self.found.retain(|occurrence| occurrence.text.is_none());
            for occurrence in self.found.iter_mut().filter(|occurrence| occurrence.counts_in_searched()) {
                occurrence.position = None;
            }
        }
        let narrowed = self.narrowed.finish();
        let (nested, packed) = self.nested.finish();
        if self.named.is_some() {
            self.found.sort_by_key(|occurrence| occurrence.at.start);
        }
        if narrowed.is_empty() && nested.is_empty() {
            return (self.found, packed);
        }
        let mut found = self.found;
        for more in [narrowed, nested] {
            merge(&mut found, more);
        }
        found.truncate(self.limit.unwrap_or(usize::MAX));
        (found, packed)
    }

    /// Judges the undecided candidates in `bytes`, which start at `tail_start`. Returns the offset in
    /// `bytes` up to which candidates were judged.
    fn judge(&mut self, bytes: &[u8], whole_end: bool) -> usize {
        let from = usize::try_from(self.judged.saturating_sub(self.tail_start)).unwrap_or(usize::MAX);
        let (mut next, mut next_token) = (from, from);
        let (mut lines, mut lines_of_values) = (self.lines.cursor(), self.lines.cursor());
        let mut runs = None;
        let mut marks = Marks::default();
        let is_text = self.lines.is_text();
        let judged_to = loop {
            let Some(hit) = encoding::next_hit_or_mark(bytes, next, &mut marks) else { break None };
            if self.limit.is_some_and(|limit| self.found.len() >= limit) {
                break None;
            }
            next = hit.at + 1;
            if let Some(named) = self.named.as_mut().filter(|_| is_text && hit.may_be_name()) {
                let Some(values) = named.judge(bytes, hit.at, self.tail_start, whole_end) else {
                    break Some(hit.at);
                };
                self.add_values(bytes, values, &mut lines_of_values);
            }
            if hit.at < next_token || !hit.may_be_token() {
                continue;
            }
            let is_binary = self.in_binary || self.lines.is_binary_before(self.tail_start + hit.at as u64);
            match encoding::judge(bytes, hit, Context { whole_end, is_binary }) {
                Found::Token(token) => {
                    next_token = token.at.end;
                    if token.summary.sha256.as_ref().is_some_and(known::is_public) {
                        continue;
                    }
                    let runs = runs.get_or_insert_with(|| self.runs.ahead());
                    let occurrence = self.occurrence(bytes, token, &mut lines, runs);
                    self.found.push(occurrence);
                }
                Found::None => {}
                Found::Dump => self.nested.expect_dump(hit.at.saturating_sub(from)),
                Found::CodePoint => self.nested.expect_code_points(hit.at.saturating_sub(from)),
                Found::NeedMore => break Some(hit.at),
            }
        };
        // The end may hold the beginning of a needle.
        let at_end =
            if whole_end { bytes.len() } else { bytes.len().saturating_sub(encoding::longest() - 1) };
        let to = judged_to.unwrap_or_else(|| at_end.max(next).max(next_token).min(bytes.len()));
        self.nested.feed(bytes.get(from..to).unwrap_or_default(), &marks, from);
        self.judged = self.tail_start + to as u64;
        to
    }

    fn add_values(&mut self, bytes: &[u8], values: Vec<Range<usize>>, lines: &mut position::Ahead) {
        for value in values {
            if self.limit.is_some_and(|limit| self.found.len() >= limit) {
                return;
            }
            let start = self.tail_start + value.start as u64;
            self.found.push(Occurrence {
                token: TokenSummary::unknown(),
                offset: start,
                len: value.len(),
                at: start..start + value.len() as u64,
                position: lines.position(bytes, value.start),
                via: Vec::new(),
                confidence: Confidence::Medium,
                text: bytes.get(value).map(Into::into),
            });
        }
    }

    fn occurrence(
        &self,
        bytes: &[u8],
        token: Token,
        lines: &mut position::Ahead,
        runs: &mut encoding::Ahead,
    ) -> Occurrence {
        let (start, end) = (self.tail_start + token.at.start as u64, self.tail_start + token.at.end as u64);
        let (offset, position) = if token.counts_in_searched() {
            (start, lines.position(bytes, token.at.start))
        } else {
            runs.place(bytes, &token)
        };
        let mut is_outer = true;
        let steps = token.via.into_iter().map(|Encoded { encoding, at }| {
            let front = if is_outer { self.tail_start } else { 0 };
            is_outer &= encoding.is_spelling();
            Step::new(StepKind::Encoding(encoding), front + at.start as u64..front + at.end as u64)
        });
        let via = steps.collect();
        Occurrence {
            token: token.summary,
            offset,
            len: token.len,
            at: start..end,
            position,
            via,
            confidence: token.confidence,
            text: None,
        }
    }

    /// Drops the first bytes of the tail.
    fn drop_front(&mut self, n: usize) {
        let n = n.min(self.tail.len());
        let tail = std::mem::take(&mut self.tail);
        self.pass(tail.get(..n).unwrap_or_default());
        self.tail = tail;
        self.tail.drop_front(n);
    }

    /// Counts bytes that are dropped.
    fn pass(&mut self, bytes: &[u8]) {
        self.lines.pass(bytes);
        self.runs.pass(bytes);
        self.tail_start += bytes.len() as u64;
    }
}

/// Adds occurrences in encoded text, except for those that are known at the same place.
fn merge(found: &mut Vec<Occurrence>, more: Vec<Occurrence>) {
    let mut known: HashMap<TokenKind, Vec<Range<u64>>> = HashMap::new();
    for occurrence in found.iter() {
        known.entry(occurrence.token.kind).or_default().push(occurrence.at.clone());
    }
    let is_known = |occurrence: &Occurrence| {
        let places = known.get(&occurrence.token.kind).map(Vec::as_slice).unwrap_or_default();
        // Places are in order and do not overlap.
        let next = places.partition_point(|place| place.end <= occurrence.at.start);
        places.get(next).is_some_and(|place| place.start < occurrence.at.end)
    };
    let more: Vec<Occurrence> = more.into_iter().filter(|occurrence| !is_known(occurrence)).collect();
    found.extend(more);
    found.sort_by_key(|occurrence| occurrence.at.start);
}
