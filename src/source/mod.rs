//! Where bytes come from. A source lists the entries it holds and opens any of them; what they mean is
//! not its business.

mod archive;
mod context;
mod file;
mod inspect;
mod layout;
mod target;

use std::io::{self, Read};

pub use archive::{Archive, Around, link_target};
pub use context::{BuildContext, ContextFile};
pub(crate) use file::{path_bytes, read_up_to, unreadable};
pub use inspect::{Content, inspect};
pub use layout::{Layout, Unlisted};
pub use target::{Target, TargetError, looks_like_reference};

/// An entry of a source: a blob or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its path in the archive or layout, normalised.
    pub name: Vec<u8>,
    /// Its size in bytes, as far as the source can tell without reading it.
    pub size: u64,
}

/// A source whose entries can be read in any order and at once.
pub trait Source: Sync {
    /// All that it holds, in the source's own order.
    fn held(&self) -> &[Held];

    /// Other names of entries: a symbolic or hard link and the name it stands for, both normalised.
    fn links(&self) -> &[(Vec<u8>, Vec<u8>)];

    /// The bytes of entry number `n` of [`Self::held`].
    fn open(&self, n: usize) -> io::Result<Box<dyn Read + Send + '_>>;
}
