//! LZ4 frames (version 1.6 of the format description) and the legacy frames of `lz4 -l`.

use std::hash::Hasher as _;
use std::io::{self, Read};
use std::ops::Range;

use twox_hash::XxHash32;

use super::memory::Held;
use super::window::Peek;

/// The longest frame header, including the magic number.
const MAX_HEADER: usize = 19;
/// The size of a decoded block of a legacy frame.
const LEGACY_BLOCK: u32 = 8 * 1024 * 1024;
/// The largest stored block of a legacy frame. A larger number is the magic number of another frame.
pub(super) const MAX_LEGACY_PACKED: u32 = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16;
/// The maximum distance of back-references.
const HISTORY: usize = 64 * 1024;

/// Decompresses one frame.
pub(super) struct Lz4<R> {
    input: R,
    frame: Frame,
    /// The stored block.
    packed: Vec<u8>,
    /// The last decoded block, and the range of it that is still unread.
    block: Vec<u8>,
    unread: Range<usize>,
    /// The bytes to which the next block may refer.
    history: Vec<u8>,
    len: u64,
    done: bool,
    _held: Held,
}

/// The data in the header of a frame.
struct Frame {
    /// The length of the header.
    len: usize,
    legacy: bool,
    max_block: usize,
    /// Whether blocks refer to earlier blocks.
    linked: bool,
    block_checksums: bool,
    content_size: Option<u64>,
    content_hash: Option<XxHash32>,
}

impl<R: Peek> Lz4<R> {
    /// Reads the header of a frame.
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        let frame = Frame::read(input.peek(MAX_HEADER)?)?;
        input.consume(frame.len);
        let held = Held::window(frame.max_block as u64, "an lz4 frame")?;
        Ok(Self {
            input,
            frame,
            packed: Vec::new(),
            block: Vec::new(),
            unread: 0..0,
            history: Vec::new(),
            len: 0,
            done: false,
            _held: held,
        })
    }

    /// Returns the input. After the frame has been read to its end, the position is after the frame.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Reads the next block or the end of the frame.
    fn next_block(&mut self) -> io::Result<()> {
        let size = if self.frame.legacy {
            // A legacy frame ends with the input, or before a number that is not the size of a block.
            let Some(size) = self.input.peek(4)?.first_chunk::<4>() else {
                self.done = true;
                return if self.input.fill_buf()?.iter().all(|&b| b == 0) {
                    Ok(())
                } else {
                    Err(breaks_off("before a block"))
                };
            };
            let size = u32::from_le_bytes(*size);
            if !(1..=MAX_LEGACY_PACKED).contains(&size) {
                self.done = true;
                return Ok(());
            }
            self.input.consume(4);
            size
        } else {
            self.number("before a block")?
        };
        if size == 0 {
            self.done = true;
            return self.end();
        }
        let stored = !self.frame.legacy && size >> 31 == 1;
        let size = (size & !(u32::from(stored) << 31)) as usize;
        if !self.frame.legacy && size > self.frame.max_block {
            return Err(corrupt("has a block that is larger than the frame allows"));
        }
        self.packed.clear();
        (&mut self.input).take(size as u64).read_to_end(&mut self.packed)?;
        if self.packed.len() < size {
            return Err(breaks_off("inside a block"));
        }
        if self.frame.block_checksums && self.number("behind a block")? != XxHash32::oneshot(0, &self.packed)
        {
            return Err(corrupt("has a block that does not match its checksum"));
        }
        self.decode(stored)
    }

    fn decode(&mut self, stored: bool) -> io::Result<()> {
        let len = if stored {
            std::mem::swap(&mut self.packed, &mut self.block);
            self.block.len()
        } else {
            // A compressed byte expands to at most 255 bytes.
            let room = self.packed.len().saturating_mul(255).min(self.frame.max_block);
            if self.block.len() < room {
                self.block = vec![0; room];
            }
            lz4_flex::block::decompress_into_with_dict(&self.packed, &mut self.block, &self.history)
                .map_err(|_| corrupt("has a block that is corrupt"))?
        };
        self.unread = 0..len;
        self.len += len as u64;
        let block = self.block.get(..len).unwrap_or_default();
        if let Some(hash) = &mut self.frame.content_hash {
            hash.write(block);
        }
        if self.frame.linked {
            let new = block.get(len.saturating_sub(HISTORY)..).unwrap_or_default();
            let kept = self.history.len().min(HISTORY - new.len());
            self.history.drain(..self.history.len() - kept);
            self.history.extend_from_slice(new);
        }
        Ok(())
    }

    /// Checks the data after the last block.
    fn end(&mut self) -> io::Result<()> {
        if self.frame.content_size.is_some_and(|size| size != self.len) {
            return Err(corrupt("does not have the size that its header states"));
        }
        let Some(hash) = self.frame.content_hash.take() else { return Ok(()) };
        if self.number("after the last block")? != hash.finish_32() {
            return Err(corrupt("does not match its checksum"));
        }
        Ok(())
    }

    /// Reads the next four bytes.
    fn number(&mut self, place: &str) -> io::Result<u32> {
        let bytes = *self.input.peek(4)?.first_chunk::<4>().ok_or_else(|| breaks_off(place))?;
        self.input.consume(4);
        Ok(u32::from_le_bytes(bytes))
    }
}

impl<R: Peek> Read for Lz4<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while self.unread.is_empty() {
            if self.done {
                return Ok(0);
            }
            self.next_block()?;
        }
        let mut bytes = self.block.get(self.unread.clone()).unwrap_or_default();
        let n = bytes.read(out)?;
        self.unread.start += n;
        Ok(n)
    }
}

impl Frame {
    fn read(head: &[u8]) -> io::Result<Self> {
        let (magic, rest) = head.split_first_chunk::<4>().ok_or_else(cut)?;
        match u32::from_le_bytes(*magic) {
            0x184d_2204 => Self::modern(rest),
            0x184c_2102 => Ok(Self {
                len: 4,
                legacy: true,
                max_block: LEGACY_BLOCK as usize,
                linked: false,
                block_checksums: false,
                content_size: None,
                content_hash: None,
            }),
            _ => Err(corrupt("has no header")),
        }
    }

    /// Reads the header after the magic number.
    fn modern(header: &[u8]) -> io::Result<Self> {
        let &[flags, sizes, ..] = header else { return Err(cut()) };
        if flags & 0xc2 != 0x40 || !matches!(sizes, 0x40 | 0x50 | 0x60 | 0x70) {
            return Err(corrupt("has a header of an unknown version"));
        }
        let has_size = flags & 8 != 0;
        let len = 2 + if has_size { 8 } else { 0 };
        let (descriptor, rest) = header.split_at_checked(len).ok_or_else(cut)?;
        if flags & 1 != 0 {
            return Err(corrupt("needs a dictionary that is not part of it"));
        }
        let &checksum = rest.first().ok_or_else(cut)?;
        if u32::from(checksum) != XxHash32::oneshot(0, descriptor) >> 8 & 0xff {
            return Err(corrupt("has a header that does not match its checksum"));
        }
        let content_size = descriptor.last_chunk::<8>().filter(|_| has_size);
        Ok(Self {
            len: 4 + len + 1,
            legacy: false,
            max_block: 1 << (8 + 2 * (sizes >> 4)),
            linked: flags & 0x20 == 0,
            block_checksums: flags & 0x10 != 0,
            content_size: content_size.map(|size| u64::from_le_bytes(*size)),
            content_hash: (flags & 4 != 0).then(|| XxHash32::with_seed(0)),
        })
    }
}

fn cut() -> io::Error {
    breaks_off("in the header of a frame")
}

fn breaks_off(place: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the lz4 stream ends early {place}"))
}

fn corrupt(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the lz4 stream {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::samples;
    use lz4_flex::frame::BlockMode;

    fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Lz4::new(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    /// Returns a frame as `lz4 -l` writes it.
    fn legacy(blocks: &[&[u8]]) -> Vec<u8> {
        let mut frame = vec![0x02, 0x21, 0x4c, 0x18];
        for block in blocks {
            let packed = lz4_flex::block::compress(block);
            frame.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
            frame.extend(packed);
        }
        frame
    }

    #[test]
    fn blocks_refer_back_or_not() {
        let data = [samples::bytes(100_000), samples::bytes(150_000)].concat();
        for mode in [BlockMode::Linked, BlockMode::Independent] {
            assert!(decode(&samples::lz4(&data, mode)).unwrap() == data);
        }
    }

    #[test]
    fn a_block_that_is_empty_does_not_end_a_frame() {
        let mut frame = samples::lz4(b"", BlockMode::Independent);
        let header = frame.len() - 8;
        let hash_of_nothing = frame[header + 4..].to_vec();
        let empty = [&0x8000_0000_u32.to_le_bytes()[..], &hash_of_nothing].concat();
        frame.splice(header..header, empty);
        assert_eq!(decode(&frame).unwrap(), b"");
        frame.truncate(frame.len() - 8);
        assert!(decode(&frame).is_err(), "it has not ended");
    }

    #[test]
    fn legacy_frames_end_where_no_block_is() {
        let full = vec![7; LEGACY_BLOCK as usize];
        let frame = legacy(&[&full, b"last"]);
        let data = [&full[..], b"last"].concat();
        for behind in [&b""[..], b"\0", b"\0\0\0\0\0\0", b"\x04\x22\x4d\x18", b"\xff\xff\xff\xffmore"] {
            let stream = [&frame, behind].concat();
            let mut reader = Lz4::new(&stream[..]).unwrap();
            let mut out = Vec::new();
            reader.read_to_end(&mut out).unwrap();
            assert!(out == data);
            assert_eq!(reader.into_input(), behind);
        }
        for cut in 1..9 {
            assert!(decode(&frame[..frame.len() - cut]).is_err());
        }
        assert!(decode(&frame[..frame.len() - 9]).unwrap() == full, "nothing tells that there was more");
        assert!(
            decode(&legacy(&[&vec![7; LEGACY_BLOCK as usize + 1]])).is_err(),
            "a block that is too large"
        );
    }

    #[test]
    fn a_dictionary_of_its_own_is_an_error() {
        let frame = [&b"\x04\x22\x4d\x18\x61\x40"[..], &[0; 20]].concat();
        let error = decode(&frame).unwrap_err();
        assert_eq!(error.to_string(), "the lz4 stream needs a dictionary that is not part of it");
    }
}
