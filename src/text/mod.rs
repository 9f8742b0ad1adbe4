//! Source text with positions: byte spans, lines and columns, and text that is assembled from pieces of a
//! source and maps each byte back to it.

mod flaw;
mod line_index;
mod mapped;
mod space;
mod span;

pub(crate) use flaw::Flaw;
pub(crate) use line_index::LineIndex;
pub(crate) use mapped::Text;
pub(crate) use space::{char_width, skip_space, space_at};
pub(crate) use span::Span;

/// UTF-8's byte order mark. BuildKit drops a byte order mark in front of the first line.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
