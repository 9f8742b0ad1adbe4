//! How a needle stands for the prefix of a token.

/// How a needle stands for a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The prefix begins here, as it is.
    Plain,
    /// Characters of it are spelled; it begins `back` bytes before.
    Spelled { back: usize },
    /// Base64 of a text that begins `alignment` bytes behind the start of a group. The character with its
    /// first bits is the one `skip` characters before.
    Base64 { alignment: u8, skip: u8, content: Content },
    /// Units of `width` bytes; it begins `back` bytes before.
    Wide { width: usize, back: usize },
    /// Hexadecimal; it begins `shift` bytes from here.
    Hex { shift: isize },
}

/// What base64 was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The token's text.
    Text,
    /// Something that is encoded itself.
    Encoded,
}
