//! Recognises paths to the process's own streams, and files that the process reads.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::source::Target;

/// Whether the file is the one that the stream leads to.
pub(super) fn is(file: &Metadata, stream: impl AsFd) -> bool {
    let opened = stream.as_fd().try_clone_to_owned().map(File::from);
    opened.and_then(|opened| opened.metadata()).is_ok_and(|opened| are_same(file, &opened))
}

/// Whether the path leads to an open descriptor: `/dev/fd/3`, `/proc/self/fd/3`, or a link to one.
pub(super) fn names_descriptor(path: &Path) -> bool {
    let mut path = path.to_owned();
    // The kernel follows the same number of links.
    for _ in 0..40 {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let Ok(parent) = parent.unwrap_or(Path::new(".")).canonicalize() else { return false };
        if parent == Path::new("/dev/fd") || (parent.starts_with("/proc") && parent.ends_with("fd")) {
            return true;
        }
        let Ok(link) = fs::read_link(&path) else { return false };
        path = parent.join(link);
    }
    false
}

/// Whether a report written to `output` would overwrite a part of the target.
pub(super) fn overwrites(output: &Path, target: &Target) -> bool {
    let Ok(file) = fs::metadata(output) else { return false };
    if !file.is_file() {
        return false;
    }
    let Some(path) = target.path() else { return is(&file, io::stdin()) };
    let within = || {
        let (output, target) = output.canonicalize().ok().zip(path.canonicalize().ok())?;
        Some(output.starts_with(target))
    };
    fs::metadata(path).is_ok_and(|target| {
        if target.is_dir() { within().unwrap_or(false) } else { are_same(&file, &target) }
    })
}

fn are_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
