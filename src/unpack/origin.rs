//! Where the bytes of a search come from.

use std::io;

use crate::stream::Peek;

/// Opens a file once more, at its first byte.
pub(crate) type Reread<'a> = dyn Fn() -> io::Result<Box<dyn Peek + 'a>> + 'a;

/// The file that is searched.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// The caller's number of it.
    pub number: u32,
    /// Its path, by which the parts of a git repository find together.
    pub path: &'a [u8],
    /// How it can be read again, where it can.
    pub reread: Option<&'a Reread<'a>>,
}
