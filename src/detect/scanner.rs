//! The search over a stream of any length: fed in pieces of any size, it finds what a search of the whole
//! would.

use super::Occurrence;
use super::known;
use super::position::Lines;
use super::secret::Secret;
use super::shape::{self, LONGEST_NEEDLE, MAX_TOKEN, REACH, Verdict};

/// How much of a new piece is joined to what is left of the one before, at first.
const JOIN: usize = 4 * REACH;

/// Searches a stream. Memory is bounded by the longest token, whatever the stream's length.
#[derive(Default)]
pub struct Scanner {
    /// The end of what has been fed: what is still undecided, and what stands in front of it.
    tail: Vec<u8>,
    /// Offset in the stream of the first byte of `tail`.
    tail_start: u64,
    /// Offset in the stream up to which every candidate has been judged.
    judged: u64,
    lines: Lines,
    found: Vec<Occurrence>,
    limit: Option<usize>,
}

impl Scanner {
    /// A search at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// A search that lists no more than `limit` tokens.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// Searches the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        self.lines.look_for_nul(self.tail_start + self.tail.len() as u64, piece);
        // Where the piece starts in the tail that it is joined to.
        let piece_at = self.tail.len();
        let mut behind = piece;
        let mut join = JOIN;
        while !self.tail.is_empty() {
            let (head, rest) = behind.split_at(behind.len().min(join));
            behind = rest;
            self.tail.extend_from_slice(head);
            let tail = std::mem::take(&mut self.tail);
            let judged = self.judge(&tail, false);
            self.tail = tail;
            if behind.is_empty() {
                self.drop_front(judged.saturating_sub(REACH));
                return;
            }
            if judged >= piece_at + REACH {
                // From here on the piece itself holds all that is looked at.
                self.drop_front(piece_at);
                self.tail.clear();
            }
            join = MAX_TOKEN;
        }
        let judged = self.judge(piece, false);
        let (passed, kept) = piece.split_at(judged.saturating_sub(REACH));
        self.lines.pass(passed);
        self.tail_start += passed.len() as u64;
        self.tail.extend_from_slice(kept);
    }

    /// Ends the stream and gives what was found in it, in order of offset.
    pub fn finish(mut self) -> Vec<Occurrence> {
        let tail = std::mem::take(&mut self.tail);
        self.judge(&tail, true);
        if !self.lines.is_text() {
            for occurrence in &mut self.found {
                occurrence.position = None;
            }
        }
        self.found
    }

    /// Judges the candidates in `bytes`, which start at `tail_start`, that have not been judged; says how
    /// far in `bytes` that went.
    fn judge(&mut self, bytes: &[u8], whole_end: bool) -> usize {
        let whole_start = self.tail_start == 0;
        let from = usize::try_from(self.judged.saturating_sub(self.tail_start)).unwrap_or(usize::MAX);
        let mut next = from;
        let mut lines = self.lines.cursor();
        for at in shape::candidates(bytes.get(from..).unwrap_or_default()).map(|at| from + at) {
            if at < next {
                continue;
            }
            if self.limit.is_some_and(|limit| self.found.len() >= limit) {
                break;
            }
            match shape::judge(bytes, at, whole_start, whole_end) {
                Verdict::Token { kind, len, confidence } => {
                    next = at + len;
                    let token = Secret::new(bytes.get(at..next).unwrap_or_default(), kind).summary();
                    if token.sha256.as_ref().is_some_and(known::is_public) {
                        continue;
                    }
                    self.found.push(Occurrence {
                        token,
                        offset: self.tail_start + at as u64,
                        len,
                        position: lines.position(bytes, at),
                        via: Vec::new(),
                        confidence,
                    });
                }
                Verdict::None => {}
                Verdict::NeedMore => {
                    self.judged = self.tail_start + at as u64;
                    return at;
                }
            }
        }
        // A prefix may have begun at the very end.
        let to = if whole_end { bytes.len() } else { bytes.len().saturating_sub(LONGEST_NEEDLE - 1) };
        let to = to.max(next).min(bytes.len());
        self.judged = self.tail_start + to as u64;
        to
    }

    /// Lets go of the first bytes of the tail.
    fn drop_front(&mut self, n: usize) {
        self.lines.pass(self.tail.get(..n).unwrap_or_default());
        self.tail.drain(..n.min(self.tail.len()));
        self.tail_start += n as u64;
    }
}
