//! Tells what stands at a bare path by what it holds, never by its name.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::stream::{Compression, begins_tar};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A directory with an OCI image layout.
    Layout,
    /// Another directory.
    Directory,
    /// A plain tar file that can be read at any place.
    Archive,
    /// A compressed file, or a pipe: readable from front to end only.
    Stream,
    /// A file of no bytes.
    Empty,
    /// Another regular file.
    Other,
}

/// Looks at a path and at the first bytes of a file.
pub(crate) fn inspect(path: &Path) -> io::Result<Content> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        // Listing it tells apart a directory without a layout and one that may not be read.
        fs::read_dir(path)?;
        let layout = path.join("oci-layout").exists() || path.join("index.json").exists();
        return Ok(if layout { Content::Layout } else { Content::Directory });
    }
    if !metadata.is_file() {
        return Ok(Content::Stream);
    }
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(if head.is_empty() {
        Content::Empty
    } else if Compression::of(&head) != Compression::None {
        Content::Stream
    } else if begins_tar(&head) {
        Content::Archive
    } else {
        Content::Other
    })
}
