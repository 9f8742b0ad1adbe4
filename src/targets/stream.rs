//! What a stream holds that turns out to be no image archive: one sentence on it.

use std::io::{self, Read};
use std::path::Path;

use crate::dockerfile::looks_like_dockerfile;
use crate::engine::gather::Gathered;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::image::Resolved;
use crate::mask::{Message, message};
use crate::stream::{Compression, begins_tar};

/// A Dockerfile is told by so much of it.
const HEAD: u64 = 16 * 1024;

/// The first bytes of a stream.
pub(crate) fn head(input: &mut dyn Read) -> io::Result<Box<[u8]>> {
    let mut head = Vec::new();
    input.take(HEAD).read_to_end(&mut head)?;
    Ok(head.into())
}

/// Why a stream that begins so is no archive, and what to do; nothing where it may be a broken one. A
/// stream without a path is standard input.
pub(crate) fn no_archive(path: Option<&Path>, head: &[u8]) -> Option<Problem> {
    let it = Message::own(if path.is_none() { "standard input" } else { "it" });
    let name = path.map_or(&b"/dev/stdin"[..], |path| path.as_os_str().as_encoded_bytes());
    let error = |detail| Some(Problem::error(Code::Unsupported, Place::Target, detail));
    if head.is_empty() {
        return Some(Problem::error(Code::Truncated, Place::Target, message!("{} is empty", it)));
    }
    if Compression::of(head) != Compression::None || begins_tar(head) || head.iter().all(|&b| b == 0) {
        return None;
    }
    error(if looks_like_dockerfile(head) {
        message!("{} is not an image archive; stowaway scan dockerfile:{} reads a Dockerfile", it, name)
    } else {
        message!(
            "{} is not an image archive; stowaway scan file:{} searches any file, dockerfile:{} reads a Dockerfile",
            it,
            name,
            name
        )
    })
}

/// Where an archive broke off before anything was said of an image, that there is none in it follows and
/// is not said.
pub(crate) fn keep_cause(gathered: &mut Gathered, resolved: &mut Resolved) {
    if !resolved.names_images && gathered.problems.iter().any(|problem| problem.place == Place::Archive) {
        resolved.problems = std::mem::take(&mut gathered.problems);
    }
}
