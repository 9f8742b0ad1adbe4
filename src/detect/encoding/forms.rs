//! The forms in which a needle represents the prefix of a token.

/// The form in which a needle represents a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The plain prefix begins here.
    Plain,
    /// Characters of the prefix are spelled. The prefix begins `back` bytes before the needle.
    Spelled { back: usize },
    /// Base64 of a text that begins `alignment` bytes after the start of a group. The character with the
    /// first bits of the text is `skip` characters before the needle.
    Base64 { alignment: u8, skip: u8, content: Content },
    /// Units of `width` bytes. The prefix begins `back` bytes before the needle.
    Wide { width: usize, back: usize },
    /// The end of a line, and the first digits of an offset in a dump.
    Dump,
    /// The start of a code point such as `U+0068`.
    CodePoint,
    /// A name that marks a value as a token, or a part of one.
    Name,
    /// Hexadecimal digits. The prefix begins `shift` bytes from the needle.
    Hex { shift: isize },
}

/// The content that was encoded as base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The text of the token.
    Text,
    /// Content that is itself encoded.
    Encoded,
}
