//! The starts of runs that a needle shows: lines of a dump, and texts of code points.

use super::run::{Reading, Run};
use super::{DEPTH, Nested, State, dump, points};
use crate::search::Marks;

impl Nested {
    /// Records that a line of a dump may begin after the newline `ahead` bytes after the last byte.
    pub(in crate::detect) fn expect_dump(&mut self, ahead: usize) {
        if self.depth < DEPTH {
            self.dumps.push_back(self.offset + ahead as u64);
        }
    }

    /// Records that a text of code points may begin `ahead` bytes after the last byte.
    pub(in crate::detect) fn expect_code_points(&mut self, ahead: usize) {
        if self.depth < DEPTH {
            self.points.push_back(self.offset + ahead as u64);
        }
    }

    /// Looks for a run in the next bytes. Returns the number of bytes that were passed.
    pub(super) fn look(&mut self, piece: &[u8], marks: &Marks, front: usize) -> usize {
        while self.dumps.front().is_some_and(|&at| at < self.offset) {
            self.dumps.pop_front();
        }
        if self.begin_code_points(piece) {
            return 0;
        }
        let point = self.points.front().and_then(|at| usize::try_from(at - self.offset).ok());
        let piece = point.and_then(|ahead| piece.get(..ahead)).unwrap_or(piece);
        let dump = self.dumps.front().and_then(|at| usize::try_from(at - self.offset).ok());
        let piece = match dump {
            Some(ahead) if ahead < piece.len() => {
                // The newline is passed first.
                let (head, _) = piece.split_at(ahead + 1);
                head
            }
            _ => piece,
        };
        let begins_dump = dump.is_some_and(|ahead| ahead < piece.len());
        let passed = self.check_blocks(piece, marks, front);
        self.pass(piece.get(..passed).unwrap_or_default());
        if begins_dump && passed == piece.len() && matches!(self.state, State::Outside) {
            self.begin_dump();
        }
        passed
    }

    /// Begins a dump whose second line, or first, begins here. The line before is a part of it if it looks
    /// like one.
    fn begin_dump(&mut self) {
        let room = usize::try_from(self.offset - self.decoded).unwrap_or(usize::MAX);
        let known = self.tail.get(self.tail.len().saturating_sub(room)..).unwrap_or_default();
        let line = known.strip_suffix(b"\n").unwrap_or(known);
        let start = memchr::memrchr(b'\n', line).map_or(0, |at| at + 1);
        let line = line.get(start..).unwrap_or_default();
        let is_part = matches!(dump::line(line), dump::Line::Bytes(bytes) if !bytes.is_empty());
        let back = if is_part { known.len() - start } else { 0 };
        let start = self.offset - back as u64;
        let run = Run::new(Reading::Dump, start, self.content());
        self.start(State::Run(Box::new(run)), start);
    }

    /// Begins a text of code points if several of them begin the next bytes.
    fn begin_code_points(&mut self, piece: &[u8]) -> bool {
        while let Some(at) = self.points.pop_front_if(|at| *at <= self.offset) {
            if at == self.offset && points::begin(piece) {
                let run = Run::new(Reading::CodePoints, self.offset, self.content());
                self.start(State::Run(Box::new(run)), self.offset);
                return true;
            }
        }
        false
    }
}
