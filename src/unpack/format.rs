//! Detection of container formats by content.

use crate::fault::is_limit;
use std::io::Read as _;
use std::sync::LazyLock;

use super::blocks::Blocks;
use super::probes::{Probes, Trial};
use super::{cpio, git, safetensors, sevenz, zip};
use crate::search::Search;
use crate::stream::{
    Compression, Part, SNAPPY_FRAMES, begins_block, begins_tar, begins_zlib, begins_zlib_of_any_window,
    zstd_with_small_window,
};

/// The number of bytes examined at a possible start of a container. A stream that is damaged within them does
/// not count as a stream: a few random byte sequences look like a start, but none decodes this far.
pub(super) const HEAD: usize = 1024;
/// The length of the longest magic number that [`next_magic`] looks for.
pub(super) const LONGEST: usize = 7;

/// The number of bytes that decide whether [`begins_zlib`].
const ZLIB_HEAD: usize = 16;
/// The least output of a damaged stream that is searched. It is shorter than any token.
const LEAST: usize = 32;

/// A container format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A compressed stream.
    Compressed(Compression),
    /// A compressed stream that is damaged near its start.
    Damaged(Compression),
    /// A stream of this many bytes that was decoded on trial, and ended or is damaged there.
    Tried(Compression, usize, Whole),
    /// A tar archive.
    Tar,
    /// A member of a zip archive, including its header.
    Zip,
    /// A 7z archive.
    SevenZ,
    /// A cpio archive.
    Cpio,
    /// A file of tensors, with a header of this length.
    Safetensors(u64),
    /// A loose git object.
    GitObject,
    /// A git pack.
    GitPack,
    /// Blocks without magic numbers.
    Blocks(Blocks),
}

/// Whether a stream that was decoded on trial has its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    No,
}

impl Format {
    /// Returns the format of content that begins with these bytes.
    pub(super) fn at_start(head: &[u8], probes: &mut Probes) -> Option<Self> {
        if let Some(blocks) = Blocks::at_start(head) {
            return Some(Self::Blocks(blocks));
        }
        let head = head.get(..HEAD).unwrap_or(head);
        probes.grant();
        if begins_tar(head) {
            return Some(Self::Tar);
        }
        if cpio::begins(head) {
            return Some(Self::Cpio);
        }
        if let Some(len) = safetensors::header(head) {
            return Some(Self::Safetensors(len));
        }
        if git::begins_loose(head) {
            return Some(Self::GitObject);
        }
        let format = Self::of(head, true, probes);
        match (format, Compression::of(head)) {
            (Some(Self::Tried(Compression::Gzip, _, Whole::No)), _) => Some(Self::Damaged(Compression::Gzip)),
            (Some(_), _) => format,
            (None, Compression::None) => Self::zlib(head, probes),
            (None, compression) => match decode(compression, head) {
                Decoded::Some => Some(Self::Damaged(compression)),
                Decoded::TooLarge => Some(Self::Compressed(compression)),
                Decoded::All | Decoded::None => None,
            },
        }
    }

    /// Returns the format of a container that begins with these bytes in the middle of other content.
    pub(super) fn inside(head: &[u8], probes: &mut Probes) -> Option<Self> {
        Self::of(head, false, probes)
    }

    fn of(head: &[u8], at_start: bool, probes: &mut Probes) -> Option<Self> {
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
            Compression::None if head.starts_with(SNAPPY_FRAMES) => match decode(Compression::Snappy, head) {
                Decoded::All => Some(Self::Compressed(Compression::Snappy)),
                Decoded::Some => Some(Self::Damaged(Compression::Snappy)),
                Decoded::TooLarge | Decoded::None => None,
            },
            Compression::None => {
                // The format must not depend on how many more bytes are buffered.
                let head = head.get(..HEAD).unwrap_or(head);
                begins_zlib(head).then(|| Self::zlib(head, probes)).flatten()
            }
            Compression::Gzip => {
                // The bytes at hand may be all of a content. Headers at each of its bytes would be read to its end.
                let head = head.get(..HEAD).unwrap_or(head);
                let trial = probes.gzip(head)?;
                let is_cut = matches!(trial, Trial::Broken(taken) if taken >= head.len());
                if is_cut && probes.has_output() {
                    return Some(Self::Compressed(Compression::Gzip));
                }
                Self::tried(Compression::Gzip, head, trial, probes)
            }
            compression => {
                if !begins_block(compression, head) || !probes.may_try() {
                    return None;
                }
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
                if !is_stream {
                    probes.charge(cost(compression));
                }
                is_stream.then_some(Self::Compressed(compression))
            }
        }
    }

    /// Returns the format of bytes that may begin a zlib stream, with a window of any size.
    pub(super) fn zlib(head: &[u8], probes: &mut Probes) -> Option<Self> {
        let trial = begins_zlib_of_any_window(head).then(|| probes.zlib(head)).flatten()?;
        Self::tried(Compression::Zlib, head, trial, probes)
    }

    fn tried(compression: Compression, head: &[u8], trial: Trial, probes: &Probes) -> Option<Self> {
        match trial {
            Trial::GoesOn => Some(Self::Compressed(compression)),
            Trial::Ended(taken) => {
                let behind = head.get(taken..).unwrap_or_default();
                // Streams that follow each other are read as one.
                let is_followed = match compression {
                    Compression::Zlib => begins_same_zlib(head, behind),
                    _ => behind.len() < Compression::HEAD || Compression::of(behind) == compression,
                };
                Some(if is_followed || taken + Compression::HEAD > HEAD {
                    Self::Compressed(compression)
                } else {
                    Self::Tried(compression, taken, Whole::Yes)
                })
            }
            Trial::Broken(taken) => {
                (probes.output() >= LEAST).then_some(Self::Tried(compression, taken, Whole::No))
            }
        }
    }
}

/// Returns true if the bytes may begin a zlib stream with the window of another one.
pub(super) fn begins_same_zlib(other: &[u8], head: &[u8]) -> bool {
    head.first() == other.first() && begins_zlib_of_any_window(head)
}

/// Returns the cost of a failed trial, which is the work of setting up the decoder. A unit takes about a
/// microsecond.
fn cost(compression: Compression) -> u64 {
    match compression {
        Compression::Bzip2 => 256,
        Compression::Xz | Compression::Lzip | Compression::Lzma => 16,
        _ => 8,
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
                // The first block may be longer than the head.
                return if given > 0 || head.len() == HEAD { Decoded::All } else { Decoded::None };
            }
            Err(error) if is_limit(&error) => return Decoded::TooLarge,
            Err(_) => return if given > 0 { Decoded::Some } else { Decoded::None },
        }
    }
    Decoded::All
}

/// Returns the offset at which the next container may begin.
pub(super) fn next_magic(bytes: &[u8]) -> Option<usize> {
    static MAGIC: LazyLock<Search> = LazyLock::new(|| Search::with_family(&MAGIC_NUMBERS, &zlib_magic()));
    let mut from = 0;
    loop {
        let (at, number) = MAGIC.find(bytes, from)?;
        let head = bytes.get(at..)?;
        if number < MAGIC_NUMBERS.len() || head.len() < ZLIB_HEAD || begins_zlib(head) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The headers of zlib streams, each with all bytes that may begin a deflate block.
fn zlib_magic() -> Vec<[u8; 3]> {
    let headers = [0x01, 0x5e, 0x9c, 0xda];
    let all = headers.into_iter().flat_map(|flags| (0..=255).map(move |first| [0x78, flags, first]));
    all.filter(|magic| begins_zlib(magic)).collect()
}

/// Magic numbers of the containers that can be detected in the middle of other content.
const MAGIC_NUMBERS: [&[u8]; 10] = [
    // gzip, zip, Zstandard
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    // xz, bzip2, LZ4, lzip
    b"\xfd7zXZ\x00",
    b"BZh",
    b"\x04\x22\x4d\x18",
    b"LZIP",
    // Framed Snappy
    b"\xff\x06\0\0sNa",
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
