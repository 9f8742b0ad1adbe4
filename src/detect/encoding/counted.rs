//! Counts decoded text that went by, without keeping it.

use crate::detect::Position;
use crate::detect::position::Lines;

/// An offset, and the line and column at that offset.
pub(in crate::detect) type Place = (u64, Option<Position>);

/// Decoded text that has passed.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    len: u64,
    lines: Lines,
}

impl Text {
    /// Counts a byte without keeping it.
    pub(super) fn push(&mut self, b: u8) {
        self.lines.step(self.len, b);
        self.len += 1;
    }

    /// Counts the three bytes of a group.
    pub(super) fn push_group(&mut self, bits: u32) {
        let [_, first, second, third] = bits.to_be_bytes();
        self.push(first);
        self.push(second);
        self.push(third);
    }

    pub(super) fn place(&self) -> Place {
        (self.len, self.lines.cursor().position(&[], 0))
    }
}
