//! The origin of the bytes that are searched.

use std::io;

use crate::stream::Peek;

/// A function that opens a file again, at its first byte.
pub(crate) type Reread<'a> = dyn Fn() -> io::Result<Box<dyn Peek + 'a>> + 'a;

/// The file that is searched.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// The number that the caller gave the file.
    pub number: u32,
    /// The path of the file. It associates the parts of a git repository with each other.
    pub path: &'a [u8],
    /// A function that opens the file again, if that is possible.
    pub reread: Option<&'a Reread<'a>>,
}
