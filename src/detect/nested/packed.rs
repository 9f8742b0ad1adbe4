//! Encoded data that is compressed. It is decoded, and left to whoever can decompress it.

use super::run::Reading;
use crate::detect::Step;
use crate::detect::encoding::{dense, number_of};
use crate::sensitive::Sensitive;
use crate::stream::{Compression, SNAPPY_FRAMES, begins_zlib};

/// The maximum number of bytes of one piece of data, and of all that is kept of a content.
pub(super) const MOST: usize = 2 << 20;
/// The number of bytes that are kept of longer data. They show whether it is compressed.
const HEAD: usize = 4096;
/// The number of pieces of data of which no more is kept.
const MOST_HEADS: usize = 64;
/// The number of bytes that show whether data is compressed, in whole groups of base64.
const START: usize = Compression::HEAD.next_multiple_of(3);

/// Compressed data that was encoded.
#[derive(Debug)]
pub(crate) struct Packed {
    /// The encodings, outermost first.
    pub(crate) via: Vec<Step>,
    /// The data, or its start. There is none if there was too much of it.
    pub(crate) bytes: Sensitive,
    /// Whether the data is whole.
    pub(crate) is_whole: bool,
}

impl Packed {
    /// Creates data without any bytes.
    pub(super) fn empty() -> Self {
        Self { via: Vec::new(), bytes: Sensitive::default(), is_whole: true }
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        if self.is_whole && self.bytes.len() + bytes.len() > MOST {
            self.cut();
        } else if self.is_whole {
            self.bytes.extend(bytes);
        }
    }

    /// Drops all but the start.
    fn cut(&mut self) {
        self.is_whole = false;
        self.bytes = Sensitive::from(self.bytes.get(..HEAD).unwrap_or(&self.bytes));
    }

    /// Adds this data to what is kept of a content.
    pub(super) fn keep(mut self, kept: &mut Vec<Self>) {
        let whole = kept.iter().filter(|packed| packed.is_whole);
        if self.is_whole && whole.map(|packed| packed.bytes.len()).sum::<usize>() + self.bytes.len() > MOST {
            self.cut();
        }
        let heads = kept.iter().filter(|packed| !packed.is_whole).count();
        if !self.is_whole && heads >= MOST_HEADS {
            self.bytes = Sensitive::default();
        }
        if self.is_whole || heads <= MOST_HEADS {
            kept.push(self);
        }
    }
}

/// Returns the offset of compressed data in a run of letters and digits, and how it is read.
pub(super) fn start(run: &[u8]) -> Option<(usize, Reading)> {
    let base64 = |at: usize| Some((at, Reading::Base64 { bits: 0, count: 0, characters: 0 }));
    // gzip may follow characters of something else.
    let starts_gzip = |&at: &usize| run.get(at..).is_some_and(|rest| rest.starts_with(b"H4sI"));
    if let Some(at) = memchr::memchr_iter(b'H', run).find(starts_gzip) {
        return base64(at);
    }
    if first_of_hex(run).is_some_and(|head| is_packed(&head)) && run.iter().all(u8::is_ascii_hexdigit) {
        return Some((0, Reading::Hex { high: None }));
    }
    if is_packed(&first_of_base64(run)?) { base64(0) } else { None }
}

/// Returns the first bytes that a run of hexadecimal digits decodes to.
fn first_of_hex(run: &[u8]) -> Option<[u8; START]> {
    let (pairs, _) = run.get(..2 * START)?.as_chunks();
    let mut head = [0; START];
    for (to, &[high, low]) in head.iter_mut().zip(pairs) {
        *to = number_of(high)? << 4 | number_of(low)?;
    }
    Some(head)
}

/// Returns the first bytes that a run of base64 characters decodes to.
fn first_of_base64(run: &[u8]) -> Option<[u8; START]> {
    let (groups, _) = run.get(..START / 3 * 4)?.as_chunks();
    let mut head = [0; START];
    let (parts, _) = head.as_chunks_mut();
    for (to, &group) in parts.iter_mut().zip(groups) {
        let [_, bytes @ ..] = dense::bits(group).to_be_bytes();
        *to = bytes;
    }
    Some(head)
}

/// Returns true if data begins as a compressed stream or an archive does.
pub(super) fn is_packed(head: &[u8]) -> bool {
    /// zip, 7z, framed Snappy, and the blocks of lz4 that Firefox writes.
    const MAGIC: [&[u8]; 4] = [b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", SNAPPY_FRAMES, b"mozLz40\0"];
    Compression::of(head) != Compression::None
        || begins_zlib(head)
        || MAGIC.iter().any(|magic| head.starts_with(magic))
}
