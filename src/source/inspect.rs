//! Detection of the kind of target at a bare path, by its content and never by its name.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::Directory;
use crate::stream::{Compression, Decompressed, Window, begins_tar};

/// The kind of content at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A directory with an OCI image layout.
    Layout,
    /// A directory with an image as skopeo writes it.
    Image,
    /// Another directory.
    Directory,
    /// A plain tar file with random access.
    Archive,
    /// A compressed archive or a pipe, which can only be read from front to back.
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
        return Ok(if layout {
            Content::Layout
        } else if Directory::is_at(path) {
            Content::Image
        } else {
            Content::Directory
        });
    }
    if !metadata.is_file() {
        return Ok(Content::Stream);
    }
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(if head.is_empty() {
        Content::Empty
    } else if Compression::of(&head) != Compression::None {
        if is_compressed_text(path) { Content::Other } else { Content::Stream }
    } else if begins_tar(&head) {
        Content::Archive
    } else {
        Content::Other
    })
}

/// Returns true if a compressed file decompresses to something else than a tar archive. A file that is damaged at
/// its start is no such file.
fn is_compressed_text(path: &Path) -> bool {
    let head = || -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        Decompressed::new(Window::new(File::open(path)?))?.take(512).read_to_end(&mut head)?;
        Ok(head)
    };
    head().is_ok_and(|head| !head.is_empty() && !begins_tar(&head))
}

/// Returns true if the name of a file says that it is an archive.
pub(crate) fn is_named_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    [".tar", ".tgz", ".oci"].iter().any(|ending| name.ends_with(ending)) || name.contains(".tar.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_archives() {
        for (name, expected) in [
            ("app.tar", true),
            ("a/app.TAR.zst", true),
            ("app.tgz", true),
            ("app.oci", true),
            ("app.tar-notes", false),
            ("build.log", false),
            ("tar", false),
        ] {
            assert_eq!(is_named_archive(Path::new(name)), expected, "{name}");
        }
    }
}
