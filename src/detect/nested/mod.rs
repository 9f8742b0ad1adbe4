//! Encoded text within encoded text, in any mixture and to any depth up to [`DEPTH`].
//!
//! Long runs of the characters that all encodings share are found by a check of every other block of 16
//! bytes. A run that decodes to text is decoded and searched as content of its own, by a search that looks for
//! runs in turn. Each byte is decoded once at each depth, and no encoding makes text longer, so the cost is
//! linear.

mod class;
mod dump;
mod head;
mod packed;
mod places;
mod points;
mod run;
mod starts;

use std::collections::VecDeque;

use self::class::SHORTEST;
use self::head::{HEAD, reading};
pub(crate) use self::packed::Packed;
use self::run::{Reading, Run};
use super::{Occurrence, Scanner};
use crate::search::{
    BLOCK, Marks, STRIDE, encoded_at_end, encoded_at_start, is_encoded, may_be_encoded, wide_phase,
};
use crate::sensitive::Sensitive;

/// The maximum number of encodings within each other.
pub(super) const DEPTH: usize = 8;
/// The number of bytes that are kept in front of the next block: the line before a line of a dump.
const KEPT: usize = 256;

/// The search for encoded text that holds encoded text.
#[derive(Default)]
pub(super) struct Nested {
    /// The number of encodings around the searched bytes.
    depth: usize,
    limit: Option<usize>,
    /// Whether tokens need no boundaries in what is decoded.
    is_loose: bool,
    /// Whether names mark values as tokens in what is decoded.
    with_names: bool,
    state: State,
    /// The offset of the next byte.
    offset: u64,
    /// The offset of the next block that is checked.
    next: u64,
    /// The end of the last run.
    floor: u64,
    /// The end of the last run that was decoded.
    decoded: u64,
    /// The last bytes in front of `offset`.
    tail: Sensitive,
    /// The offsets of newlines after which a line of a dump may begin.
    dumps: VecDeque<u64>,
    /// The offsets at which a text of code points may begin.
    points: VecDeque<u64>,
    found: Vec<Occurrence>,
    packed: Vec<Packed>,
}

#[derive(Default)]
enum State {
    /// No run.
    #[default]
    Outside,
    /// The start of a run, before it is decided how it is read.
    Head(Sensitive),
    /// A run.
    Run(Box<Run>),
}

impl Nested {
    /// Creates a search at the start of a stream that `depth` encodings surround.
    pub(super) fn new(depth: usize, limit: Option<usize>) -> Self {
        Self { depth, limit, ..Self::default() }
    }

    /// Creates a search for which tokens need no boundaries in what is decoded.
    pub(super) fn loose(depth: usize) -> Self {
        Self { depth, is_loose: true, ..Self::default() }
    }

    /// Lists values of unknown shape in what is decoded as well.
    pub(super) fn with_names(self) -> Self {
        Self { with_names: true, ..self }
    }

    /// Returns the number of encodings around the searched bytes.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Searches the next piece. `marks` count from `front` bytes in front of it.
    pub(super) fn feed(&mut self, piece: &[u8], marks: &Marks, front: usize) {
        if self.depth >= DEPTH {
            return;
        }
        let mut rest = piece;
        while !rest.is_empty() {
            let front = front + piece.len() - rest.len();
            let taken = match std::mem::take(&mut self.state) {
                State::Outside => self.look(rest, marks, front),
                State::Head(head) => self.extend_head(head, rest),
                State::Run(mut run) => match run.feed(rest) {
                    None => {
                        self.state = State::Run(run);
                        self.offset += rest.len() as u64;
                        rest.len()
                    }
                    Some(taken) => {
                        self.offset += taken as u64;
                        self.end(*run);
                        taken
                    }
                },
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Ends the stream and returns the tokens in all runs, and data in them that is compressed.
    pub(super) fn finish(mut self) -> (Vec<Occurrence>, Vec<Packed>) {
        // The bytes after the end of a run may hold another run.
        loop {
            match std::mem::take(&mut self.state) {
                State::Outside => return (self.found, self.packed),
                State::Head(head) => self.decide(&head),
                State::Run(mut run) => {
                    run.decode(true);
                    self.end(*run);
                }
            }
        }
    }

    /// Checks blocks until one is a part of a run. Returns the number of bytes in front of the rest.
    fn check_blocks(&mut self, piece: &[u8], marks: &Marks, front: usize) -> usize {
        // A block that began in the piece before.
        while self.next < self.offset {
            let back = usize::try_from(self.offset - self.next).unwrap_or(usize::MAX);
            let Some(start) = self.tail.len().checked_sub(back) else {
                self.next += STRIDE as u64;
                continue;
            };
            let mut block = [0; BLOCK];
            let parts = self.tail.get(start..).unwrap_or_default().iter().chain(piece);
            let filled = block.iter_mut().zip(parts).map(|(to, &from)| *to = from).count();
            if filled < BLOCK {
                return piece.len();
            }
            if !may_be_encoded(&block) {
                self.next += STRIDE as u64;
            } else if self.begin(&block, None, piece) {
                return 0;
            }
        }
        loop {
            let at = usize::try_from(self.next - self.offset).unwrap_or(usize::MAX);
            let next = marks.next_block(piece, at, front);
            self.next += (next - at) as u64;
            let at = next;
            let Some(block) = piece.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) else {
                return piece.len();
            };
            if self.begin(block, Some(at), piece) {
                let end = match &self.state {
                    State::Run(_) | State::Head(_) => self.floor,
                    State::Outside => self.offset,
                };
                return usize::try_from(end.saturating_sub(self.offset)).unwrap_or_default().min(piece.len());
            }
        }
    }

    /// Begins a run if the next block, which may be a part of one, is. `at` is the offset of the block in the piece.
    /// If there is no run, the next block is moved on.
    fn begin(&mut self, block: &[u8; BLOCK], at: Option<usize>, piece: &[u8]) -> bool {
        let block_at = self.next;
        self.next += STRIDE as u64;
        let wide = wide_phase(block);
        if wide.is_none() && at.is_some_and(|at| is_short(piece, at)) {
            return false;
        }
        // The bytes in front, from the nearest on.
        let in_piece = piece.get(..at.unwrap_or_default()).unwrap_or_default();
        let behind = usize::try_from(self.offset.saturating_sub(block_at)).unwrap_or_default();
        let in_tail = self.tail.get(..self.tail.len().saturating_sub(behind)).unwrap_or_default();
        let room = usize::try_from(block_at - self.floor.min(block_at)).unwrap_or(usize::MAX);
        let room = room.min(KEPT);
        if let Some(phase) = wide {
            let mut front = in_piece.iter().rev().chain(in_tail.iter().rev()).copied().take(room);
            let mut units = 0;
            // The bytes of a unit in front come in reverse order.
            while let (Some(second), Some(first)) = (front.next(), front.next()) {
                let (character, zero) = if phase == 0 { (first, second) } else { (second, first) };
                if zero != 0 || !super::encoding::wide_character(character) {
                    break;
                }
                units += 1;
            }
            let start = block_at - 2 * units;
            let run = Run::new(Reading::Wide { phase }, start, self.content());
            self.start(State::Run(Box::new(run)), start);
            return true;
        }
        let mut back = encoded_at_end(last(in_piece, room));
        if back == in_piece.len() {
            back += encoded_at_end(last(in_tail, room - back));
        }
        let start = block_at - back as u64;
        // Most runs are whole within the piece and none that are read.
        if let Some(from) = start.checked_sub(self.offset).and_then(|from| usize::try_from(from).ok()) {
            let rest = piece.get(from..).unwrap_or_default();
            let known = back + BLOCK;
            let behind = rest.get(known..HEAD.min(rest.len())).unwrap_or_default();
            let len = known + encoded_at_start(behind);
            if len < rest.len() {
                let head = rest.get(..len).unwrap_or_default();
                let reading = reading(head);
                let Some((skip, reading, is_packed)) = reading else {
                    self.skip_to(start + len as u64);
                    return false;
                };
                let start = start + skip as u64;
                let mut run = Run::new(reading, start, self.content());
                run.keep(is_packed);
                self.start(State::Run(Box::new(run)), start);
                return true;
            }
        }
        self.start(State::Head(Sensitive::default()), start);
        true
    }

    /// Enters a state for the bytes from `start` on. Bytes of it that passed already are fed.
    fn start(&mut self, state: State, start: u64) {
        self.state = state;
        self.floor = start;
        let back = usize::try_from(self.offset.saturating_sub(start)).unwrap_or_default();
        if back > 0 {
            let at = self.tail.len().saturating_sub(back);
            let known = Sensitive::from(self.tail.get(at..).unwrap_or_default());
            self.offset -= known.len() as u64;
            self.tail = Sensitive::from(self.tail.get(..at).unwrap_or_default());
            self.feed(&known, &Marks::default(), 0);
        }
    }

    /// Continues the search after `end`.
    fn skip_to(&mut self, end: u64) {
        self.floor = end;
        self.next = self.next.max(end.next_multiple_of(STRIDE as u64));
    }

    /// Collects the start of a run. Returns the number of bytes that were taken.
    fn extend_head(&mut self, mut head: Sensitive, piece: &[u8]) -> usize {
        let more = piece.iter().take(HEAD - head.len().min(HEAD)).take_while(|&&b| is_encoded(b)).count();
        head.extend(piece.get(..more).unwrap_or_default());
        self.offset += more as u64;
        if more < piece.len() || head.len() >= HEAD {
            self.decide(&head);
        } else {
            self.state = State::Head(head);
        }
        more
    }

    /// Decides how a run is read that begins with `head`.
    fn decide(&mut self, head: &[u8]) {
        let start = self.offset - head.len() as u64;
        match reading(head) {
            None => {
                // It may be the text beside a line of a dump.
                self.offset = start;
                self.pass(head);
                self.skip_to(self.offset);
                self.state = State::Outside;
            }
            Some((skip, reading, is_packed)) => {
                let start = start + skip as u64;
                self.tail.clear();
                let mut run = Box::new(Run::new(reading, start, self.content()));
                run.keep(is_packed);
                self.floor = start;
                match run.feed(head.get(skip..).unwrap_or_default()) {
                    None => self.state = State::Run(run),
                    Some(taken) => {
                        self.offset = start + taken as u64;
                        self.end(*run);
                        self.feed(head.get(skip + taken..).unwrap_or_default(), &Marks::default(), 0);
                    }
                }
            }
        }
    }

    /// Ends a run and continues with the bytes after it.
    fn end(&mut self, run: Run) {
        let (found, packed, end, rest) = run.finish();
        for packed in packed {
            packed.keep(&mut self.packed);
        }
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.found.len()));
        self.found.extend(found.into_iter().take(room));
        self.tail.clear();
        self.offset = end;
        self.floor = end;
        self.decoded = end;
        self.next = end.next_multiple_of(STRIDE as u64);
        self.feed(&rest, &Marks::default(), 0);
    }

    /// Returns a search for the content of a run.
    fn content(&self) -> Scanner {
        if self.is_loose {
            Scanner::loose(self.depth + 1)
        } else {
            let scanner = Scanner::nested(self.depth + 1, self.limit);
            if self.with_names { scanner.with_names() } else { scanner }
        }
    }

    /// Counts bytes that are no part of a run, and keeps the last of them.
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if bytes.len() >= KEPT {
            self.tail.clear();
            self.tail.extend(bytes.get(bytes.len() - KEPT..).unwrap_or_default());
            return;
        }
        self.tail.extend(bytes);
        if self.tail.len() > 2 * KEPT {
            self.tail.drop_front(self.tail.len() - KEPT);
        }
    }
}

/// Returns true if the run around the block at `at` is too short: it holds neither of the bytes that one of two runs
/// of [`SHORTEST`] bytes would hold.
fn is_short(piece: &[u8], at: usize) -> bool {
    const BESIDE: usize = (SHORTEST - BLOCK) / 2;
    let (Some(before), Some(behind)) = (at.checked_sub(BESIDE), at.checked_add(BLOCK + BESIDE - 1)) else {
        return false;
    };
    let is_other = |at: usize| piece.get(at).is_some_and(|&b| !is_encoded(b));
    is_other(before) && is_other(behind)
}

/// Returns the last bytes.
fn last(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(most)..).unwrap_or_default()
}

#[cfg(test)]
thread_local! {
    /// The number of bytes that were decoded, for tests.
    pub(super) static DECODED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests;
