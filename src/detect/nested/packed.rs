//! Encoded data that is compressed. It is decoded, and left to whoever can decompress it.

use super::run::Reading;
use crate::detect::Step;
use crate::sensitive::Sensitive;

/// The maximum number of bytes of one piece of data, and of all that is kept of a content.
pub(super) const MOST: usize = 2 << 20;
/// The number of bytes that are kept of longer data. They show whether it is compressed.
const HEAD: usize = 4096;
/// The number of pieces of data of which no more is kept.
const MOST_HEADS: usize = 64;
/// The length of the longest start of compressed data.
const START: usize = 8;

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
    let head = run.get(..START)?;
    // gzip, Zstandard, and zlib at its four levels of compression.
    let digits: [&[u8]; 6] = [b"1f8b08", b"28b52ffd", b"7801", b"785e", b"789c", b"78da"];
    let begins =
        |digits: &&[u8]| head.get(..digits.len()).is_some_and(|head| head.eq_ignore_ascii_case(digits));
    if digits.iter().any(begins) && run.iter().all(u8::is_ascii_hexdigit) {
        return Some((0, Reading::Hex { high: None }));
    }
    let is_zlib = matches!(
        head,
        [b'e', b'A', b'E'..=b'H', ..]
            | [b'e', b'F', b'4'..=b'7', ..]
            | [b'e', b'J', b'w'..=b'z', ..]
            | [b'e', b'N', b'o'..=b'r', ..]
    );
    // Zstandard, xz
    if is_zlib || head.starts_with(b"KLUv") || head == b"/Td6WFoA" { base64(0) } else { None }
}
