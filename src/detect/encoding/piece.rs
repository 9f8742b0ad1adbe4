//! The elements of a text with spelled characters, and of one that is put together.

/// The maximum number of bytes between two concatenated literals, and of an escape.
pub(super) const MAX_GLUE: usize = 128;

/// The maximum number of backslashes in front of one escape.
pub(super) const MAX_SLASHES: usize = 8;

/// The element at a position.
pub(super) enum Piece {
    /// A character that is spelled with `len` bytes, and percent-encoded so many times.
    Character { byte: u8, len: usize, percent: u8 },
    /// `len` bytes that spell no character: between two lines or literals, which may be items of a list.
    Glue { len: usize, quote: Option<u8>, is_list: bool },
    /// `len` bytes that a terminal does not show.
    Control { len: usize },
    /// A plain character.
    Plain,
}

/// Returns true if a byte may begin a spelled character, or something that no reader of the text sees.
pub(in crate::detect) fn is_sign(b: u8) -> bool {
    matches!(b, b'%' | b'\\' | b'&' | b'U' | b'=' | b'"' | b'\'' | b'`' | b'$' | b'{' | 0x1b)
}
