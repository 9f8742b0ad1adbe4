//! Detection of container formats by content.

use crate::fault::is_limit;
use std::io::Read as _;
use std::sync::LazyLock;

use super::{git, sevenz, zip};
use crate::search::Search;
use crate::stream::{Compression, Part, begins_tar, gzip_header_len, zstd_with_small_window};

/// The number of bytes examined at a possible start of a container. A stream that is damaged within them does
/// not count as a stream: a few random byte sequences look like a start, but none decodes this far.
pub(super) const HEAD: usize = 1024;
/// The length of the longest magic number that [`next_magic`] looks for.
pub(super) const LONGEST: usize = 7;

/// Deflate yields its first byte within this many bytes of input, including the description of its first
/// codes.
const SOON: usize = 400;

/// A container format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A compressed stream.
    Compressed(Compression),
    /// A compressed stream that is damaged near its start.
    Damaged(Compression),
    /// A tar archive.
    Tar,
    /// A member of a zip archive, including its header.
    Zip,
    /// A 7z archive.
    SevenZ,
    /// A loose git object.
    GitObject,
    /// A git pack.
    GitPack,
}

impl Format {
    /// Returns the format of content that begins with these bytes.
    pub(super) fn at_start(head: &[u8]) -> Option<Self> {
        if begins_tar(head) {
            return Some(Self::Tar);
        }
        if git::begins_loose(head) {
            return Some(Self::GitObject);
        }
        Self::of(head, true).or_else(|| match Compression::of(head) {
            Compression::None => None,
            compression => match decode(compression, head) {
                Decoded::Some => Some(Self::Damaged(compression)),
                Decoded::TooLarge => Some(Self::Compressed(compression)),
                Decoded::All | Decoded::None => None,
            },
        })
    }

    /// Returns the format of a container that begins with these bytes in the middle of other content.
    pub(super) fn inside(head: &[u8]) -> Option<Self> {
        Self::of(head, false)
    }

    fn of(head: &[u8], at_start: bool) -> Option<Self> {
        if zip::Member::read(head, at_start).is_some() {
            return Some(Self::Zip);
        }
        if sevenz::size(head).is_some() {
            return Some(Self::SevenZ);
        }
        if git::begins_pack(head) {
            return Some(Self::GitPack);
        }
        match Compression::of(head) {
            Compression::None => None,
            compression => {
                let is_stream = match decode(compression, head) {
                    Decoded::All => true,
                    // xz headers carry a checksum. In the other formats, arbitrary bytes can look like a
                    // header.
                    Decoded::TooLarge => match compression {
                        Compression::Zstd => zstd_with_small_window(head)
                            .is_some_and(|head| decode(compression, &head) == Decoded::All),
                        _ => compression == Compression::Xz,
                    },
                    Decoded::Some | Decoded::None => false,
                };
                is_stream.then_some(Self::Compressed(compression))
            }
        }
    }
}

/// The extent to which a stream can be decoded.
#[derive(PartialEq, Eq)]
enum Decoded {
    /// All available bytes decode.
    All,
    /// Some bytes decode before the damage.
    Some,
    None,
    /// The decoder needs more memory than allowed.
    TooLarge,
}

fn decode(compression: Compression, head: &[u8]) -> Decoded {
    let head = head.get(..HEAD).unwrap_or(head);
    let mut stream = match Part::open(compression, head) {
        Ok(stream) => stream,
        Err(error) => return if is_limit(&error) { Decoded::TooLarge } else { Decoded::None },
    };
    let mut given = 0;
    let mut out = [0; 4096];
    while given < 64 * 1024 {
        match stream.read(&mut out) {
            Ok(0) => break,
            Ok(n) => given += n,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                // Deflate yields output soon after its header. Blocks of the other formats are longer.
                let may_come = head.len() == HEAD
                    && (compression != Compression::Gzip
                        || gzip_header_len(head).is_some_and(|len| len + SOON > HEAD));
                return if given > 0 || may_come { Decoded::All } else { Decoded::None };
            }
            Err(error) if is_limit(&error) => return Decoded::TooLarge,
            Err(_) => return if given > 0 { Decoded::Some } else { Decoded::None },
        }
    }
    Decoded::All
}

/// Returns the offset at which the next container may begin.
pub(super) fn next_magic(bytes: &[u8]) -> Option<usize> {
    static MAGIC: LazyLock<Search> = LazyLock::new(|| Search::new(&MAGIC_NUMBERS));
    MAGIC.find(bytes, 0).map(|(at, _)| at)
}

/// Magic numbers of the containers that can be detected in the middle of other content.
const MAGIC_NUMBERS: [&[u8]; 9] = [
    // gzip, zip, Zstandard
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    // xz, bzip2, LZ4, lzip
    b"\xfd7zXZ\x00",
    b"BZh",
    b"\x04\x22\x4d\x18",
    b"LZIP",
    // 7z, git packs
    b"7z\xbc\xaf\x27\x1c",
    b"PACK\x00\x00\x00",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_can_look_for_the_magic_numbers() {
        Search::assert_all_work(&MAGIC_NUMBERS);
        assert!(MAGIC_NUMBERS.iter().all(|magic| magic.len() <= LONGEST));
    }
}
