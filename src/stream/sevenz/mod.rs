//! 7z archives in memory. The `sevenz-rust2` crate reads them. The memory that it would allocate for a false
//! header and for all decoders of a block is bounded here first.

use crate::fault::{Code, Fault};
use std::borrow::Cow;
use std::io::{self, Read};

use sevenz_rust2::{Archive, Block, BlockDecoder, Coder, EncoderMethod, Error, Password};

use super::memory::{Held, MAX_WINDOW};
use crate::fault::is_limit;
use splice::{START, Spliced};

mod coder;
mod splice;

pub(crate) use splice::checksum;

/// The maximum memory of the parsed header, per byte of the header.
const HEADER_COST: u64 = 256;
/// The longest header that is read: the header of some 7,000 files.
const MAX_HEADER: u64 = MAX_WINDOW / HEADER_COST;
/// The longest description of the coders of an encoded header, in bytes.
const MAX_ENCODED: usize = 64 * 1024;

/// The callback for an entry: receives its name and its bytes.
pub(crate) type EachEntry<'a> = dyn FnMut(&str, &mut dyn Read) -> io::Result<()> + 'a;

/// Passes the entries of an archive to `each`. Entries without bytes come last. An error of `each` ends the
/// walk. An error in one block of the archive does not keep the other blocks from being read. It is returned
/// when all have been read.
///
/// `memory_limit` is the maximum memory of the decoders of one block, at most 128 MiB. Errors are limits
/// ([`is_limit`]), encryption ([`is_encrypted`]), or defects of the archive.
pub(crate) fn entries(archive: &[u8], memory_limit: u64, each: &mut EachEntry<'_>) -> io::Result<()> {
    let memory_limit = memory_limit.min(MAX_WINDOW);
    let stored = stored_header(archive)?;
    if stored.is_empty() {
        return Ok(());
    }
    let header = plain_header(archive, stored, memory_limit)?;
    let _held = Held::window(header.len() as u64 * HEADER_COST, "the header of a 7z archive")?;
    let mut source = Spliced::new(archive, &header);
    let archive = parse(&mut source)?;
    let mut problem = None;
    for index in 0..archive.blocks.len() {
        match read_block(&archive, index, &mut source, memory_limit, each) {
            Ok(()) => {}
            Err(Failure::Caller(error)) => return Err(error),
            Err(Failure::Archive(error)) => keep_worse(&mut problem, error),
        }
    }
    for (file, block) in archive.files.iter().zip(&archive.stream_map.file_block_index) {
        if block.is_none() {
            each(&file.name, &mut io::empty())?;
        }
    }
    problem.map_or(Ok(()), Err)
}

/// Returns true if an error reports that an archive, or a part of it, is encrypted.
pub(crate) fn is_encrypted(error: &io::Error) -> bool {
    Code::of(error) == Code::Encrypted
}

/// The origin of an error.
enum Failure {
    Caller(io::Error),
    Archive(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Archive(error)
    }
}

/// Keeps the worse of two errors. A limit of stowaway or a method that only other programs read is worse
/// than a broken block, and a broken block is worse than an encrypted one.
fn keep_worse(kept: &mut Option<io::Error>, error: io::Error) {
    let is_ours = |error: &io::Error| is_limit(error) || Code::of(error) == Code::Unsupported;
    let rank = |error: &io::Error| (is_ours(error), !is_encrypted(error));
    if kept.as_ref().is_none_or(|kept| rank(kept) < rank(&error)) {
        *kept = Some(error);
    }
}

/// Returns the stored header, located by the start header of the archive.
fn stored_header(archive: &[u8]) -> io::Result<&[u8]> {
    let start: &[u8; START] = archive.first_chunk().ok_or_else(|| breaks_off("in its first header"))?;
    let [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, 0, _, start @ ..] = start else {
        return Err(corrupt("does not begin as one"));
    };
    let Some((expected, fields)) = start.split_first_chunk::<4>() else { return Ok(&[]) };
    if checksum(fields) != u32::from_le_bytes(*expected) {
        return Err(corrupt("has a first header that does not match its checksum"));
    }
    let number = |at: usize| {
        let bytes = fields.get(at..)?.first_chunk::<8>()?;
        usize::try_from(u64::from_le_bytes(*bytes)).ok()
    };
    let header = (|| {
        let at = number(0)?.checked_add(START)?;
        archive.get(at..at.checked_add(number(8)?)?)
    })();
    let header = header.ok_or_else(|| breaks_off("before its header"))?;
    let expected = fields.last_chunk::<4>().copied().map(u32::from_le_bytes);
    if !header.is_empty() && expected != Some(checksum(header)) {
        return Err(corrupt("has a header that does not match its checksum"));
    }
    Ok(header)
}

/// Returns the decoded header.
fn plain_header<'a>(archive: &[u8], stored: &'a [u8], memory_limit: u64) -> io::Result<Cow<'a, [u8]>> {
    let too_large = || {
        let (limit, need) = (MAX_HEADER / 1024, "the header of a 7z archive has");
        Fault::io(Code::Limit, format!("{need} more than the limit of {limit} KiB"))
    };
    match stored {
        [1, ..] if stored.len() as u64 > MAX_HEADER => Err(too_large()),
        [1, ..] => Ok(Cow::Borrowed(stored)),
        [0x17, streams @ .., 0] if streams.len() <= MAX_ENCODED => {
            // The description of an archive with one file, which is the header. Most writers omit the number
            // of files.
            let describe = |count: &[u8]| [&[1, 4], streams, count, &[0, 5, 1, 0, 0]].concat();
            let (short, long) = (describe(&[]), describe(&[8, 0]));
            let mut source = Spliced::new(archive, &long);
            let parsed = parse(&mut source).or_else(|_| {
                source = Spliced::new(archive, &short);
                parse(&mut source)
            })?;
            let mut header = Vec::new();
            let mut each = |_: &str, bytes: &mut dyn Read| {
                bytes.take(MAX_HEADER + 1).read_to_end(&mut header)?;
                if header.len() as u64 > MAX_HEADER { Err(too_large()) } else { Ok(()) }
            };
            match read_block(&parsed, 0, &mut source, memory_limit, &mut each) {
                Ok(()) => Ok(Cow::Owned(header)),
                Err(Failure::Caller(error) | Failure::Archive(error)) => Err(error),
            }
        }
        _ => Err(corrupt("has a header of an unknown kind")),
    }
}

fn parse(source: &mut Spliced<'_>) -> io::Result<Archive> {
    let limit = usize::try_from(MAX_HEADER / 1024).unwrap_or(usize::MAX);
    Archive::read_with_memory_limit(source, &Password::empty(), limit).map_err(translate)
}

/// Passes on the entries of a block: files that are compressed together.
fn read_block(
    archive: &Archive,
    index: usize,
    source: &mut Spliced<'_>,
    memory_limit: u64,
    each: &mut EachEntry<'_>,
) -> Result<(), Failure> {
    // The description of an encoded header may have no block.
    let block: &Block = archive.blocks.get(index).ok_or_else(|| corrupt("has no block for its header"))?;
    let coders = &block.coders;
    if coders.iter().any(|coder: &Coder| coder.encoder_method_id() == EncoderMethod::ID_AES256_SHA256) {
        return Err(Failure::Archive(encrypted()));
    }
    let need = coders.iter().map(coder::memory).fold(0, u64::saturating_add);
    // One dictionary may be as large as the limit. The other memory of a coder is allowed in addition.
    if need > memory_limit + coder::OVERHEAD {
        let (need, limit) = (need.div_ceil(1 << 20), memory_limit >> 20);
        let message = format!("a 7z archive needs {need} MiB of memory, more than the limit of {limit} MiB");
        return Err(Failure::Archive(Fault::io(Code::Limit, message)));
    }
    let _held = Held::window(need.min(MAX_WINDOW), "a 7z archive")?;
    // The overhead that the crate counts is smaller.
    let limit = usize::try_from((memory_limit + coder::OVERHEAD) >> 10).unwrap_or(usize::MAX);
    let password = Password::empty();
    let decoder = BlockDecoder::new_with_memory_limit(1, limit, index, archive, &password, source);
    let mut failure = None;
    let outcome = decoder.for_each_entries(&mut |entry, bytes| {
        let mut bytes = Translated { bytes, failed: false };
        each(&entry.name, &mut bytes).map(|()| true).map_err(|error| {
            failure = Some(if bytes.failed { Failure::Archive(error) } else { Failure::Caller(error) });
            Error::FileNotFound
        })
    });
    match (failure, outcome) {
        (Some(failure), _) => Err(failure),
        (None, Ok(_)) => Ok(()),
        (None, Err(error)) => Err(Failure::Archive(translate(error))),
    }
}

/// The bytes of an entry, with errors in stowaway's words.
struct Translated<'a> {
    bytes: &'a mut dyn Read,
    failed: bool,
}

impl Read for Translated<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(out).map_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
            translate_io(&error)
        })
    }
}

/// Translates an error of the crate, because its own message may quote the archive.
fn translate(error: Error) -> io::Error {
    match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) => translate_io(&error),
        Error::PasswordRequired => encrypted(),
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) | Error::ExternalUnsupported => {
            io::Error::new(io::ErrorKind::Unsupported, "the 7z archive uses a method that is not supported")
        }
        Error::MaxMemLimited { .. } => {
            Fault::io(Code::Limit, "the 7z archive needs more memory than the limit")
        }
        _ => corrupt("is corrupt"),
    }
}

fn translate_io(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => breaks_off("inside an entry"),
        io::ErrorKind::Interrupted => io::ErrorKind::Interrupted.into(),
        io::ErrorKind::OutOfMemory => io::Error::new(error.kind(), "there is not enough memory"),
        _ => corrupt("is corrupt"),
    }
}

fn encrypted() -> io::Error {
    Fault::io(Code::Encrypted, "the 7z archive is encrypted")
}

fn breaks_off(place: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the 7z archive ends early {place}"))
}

fn corrupt(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the 7z archive {what}"))
}

#[cfg(test)]
mod tests;
