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
        self.lines.step_group(self.len, bits);
        self.len += 3;
    }

    /// Counts bytes of binary data, which need not be known. Returns false if this is text.
    pub(super) fn skip(&mut self, bytes: u64) -> bool {
        let is_binary = !self.lines.is_text();
        self.len += if is_binary { bytes } else { 0 };
        is_binary
    }

    pub(super) fn place(&self) -> Place {
        (self.len, self.lines.cursor().position(&[], 0))
    }
}
