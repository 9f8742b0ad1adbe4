//! Detection of the kind of target at a bare path, by its content and never by its name.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::stream::{Compression, begins_tar};

/// The kind of content at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A directory with an OCI image layout.
    Layout,
    /// Another directory.
    Directory,
    /// A plain tar file with random access.
    Archive,
    /// A compressed file or a pipe, which can only be read from front to back.
    Stream,
    /// An empty file.
    Empty,
    /// Another regular file.
    Other,
}

/// Examines a path and the first bytes of a file.
pub(crate) fn inspect(path: &Path) -> io::Result<Content> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        // Listing the directory distinguishes one without a layout from one that must not be read.
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
