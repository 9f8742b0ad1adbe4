//! Decompression of Zstandard frame by frame (RFC 8878), so that the window of a frame is known before it is
//! allocated.

use std::io::{self, Read};

use super::frame_decoder::FrameDecoder;
use super::window::Peek;

/// The longest frame header, including the magic number (RFC 8878, section 3.1.1.1).
const MAX_FRAME_HEADER: usize = 18;
/// The header of a block (section 3.1.1.2).
const BLOCK_HEADER: usize = 3;
/// The number of bytes at the start of a frame from which the length of its header is known.
const FIRST_STEP: usize = 5;
/// The largest block (section 3.1.1.2.4).
const MAX_BLOCK: u32 = 128 * 1024;
/// The largest window that the format's own tool writes.
const MAX_LONG: u64 = 1 << 31;
/// The descriptor of a window of 1 MiB.
const SMALL_WINDOW: u8 = 10 << 3;

/// Decompresses frames up to the first bytes that do not begin a frame. Skippable frames are skipped.
pub(super) struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    within_frame: bool,
    has_data: bool,
    /// Whether skippable frames are skipped. Otherwise they end the stream.
    skips: bool,
    /// The number of bytes that the decoder is given at most. A call that fails returns nothing, so no call goes on from
    /// one block to the next.
    step: usize,
}

impl<R: Peek> Zstd<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        let decoder = FrameDecoder::new()?;
        Ok(Self { input, decoder, within_frame: false, has_data: false, skips: true, step: FIRST_STEP })
    }

    /// Creates a reader that ends before a skippable frame.
    pub(super) fn up_to_skippable(input: R) -> io::Result<Self> {
        Ok(Self { skips: false, ..Self::new(input)? })
    }

    /// Returns true if there was a frame that is not skippable.
    pub(super) fn has_data(&self) -> bool {
        self.has_data
    }

    /// Returns the input. After everything has been read, its position is after the last frame.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Skips skippable frames up to the start of a frame. Returns true if there is a frame.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            match FrameHeader::read(self.input.peek(MAX_FRAME_HEADER)?) {
                FrameHeader::Frame { window } => {
                    self.decoder.hold(window)?;
                    return Ok(true);
                }
                FrameHeader::Skippable { .. } if !self.skips => return Ok(false),
                FrameHeader::Skippable { len } => skip(&mut self.input, 8 + u64::from(len))?,
                FrameHeader::Cut => return Err(breaks_off("in the header of a frame")),
                FrameHeader::None => return Ok(false),
            }
        }
    }
}

fn skip(input: &mut impl Peek, n: u64) -> io::Result<()> {
    let mut left = n;
    while left > 0 {
        let held = input.fill_buf()?.len();
        if held == 0 {
            return Err(breaks_off("inside a skippable frame"));
        }
        let step = usize::try_from(left).map_or(held, |left| left.min(held));
        input.consume(step);
        left -= step as u64;
    }
    Ok(())
}

impl<R: Peek> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.within_frame = true;
                self.has_data = true;
                self.step = FIRST_STEP;
            }
            let view = self.input.fill_buf()?;
            let at_end = view.is_empty();
            let view = view.get(..self.step).unwrap_or(view);
            let status = self.decoder.run(view, out)?;
            self.input.consume(status.bytes_read);
            // The number of bytes that the decoder asks for includes the header of the next block.
            self.step =
                status.remaining.checked_sub(BLOCK_HEADER).filter(|rest| *rest > 0).unwrap_or(BLOCK_HEADER);
            if status.remaining == 0 {
                self.within_frame = false;
            }
            if status.bytes_written > 0 {
                return Ok(status.bytes_written);
            }
            if at_end && self.within_frame {
                return Err(breaks_off("inside a frame"));
            }
        }
    }
}

fn breaks_off(place: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the zstd stream ends early {place}"))
}

/// The data in the first bytes of a frame (RFC 8878, section 3.1).
#[derive(Debug, PartialEq, Eq)]
enum FrameHeader {
    Frame {
        window: u64,
    },
    Skippable {
        len: u32,
    },
    /// A magic number with an incomplete header.
    Cut,
    None,
}

impl FrameHeader {
    fn read(bytes: &[u8]) -> Self {
        match bytes.split_first_chunk::<4>() {
            Some((magic, rest)) => match u32::from_le_bytes(*magic) {
                0x184d_2a50..=0x184d_2a5f => Self::skippable(rest).unwrap_or(Self::Cut),
                0xfd2f_b528 => Self::frame(rest).unwrap_or(Self::Cut),
                _ => Self::None,
            },
            None => Self::None,
        }
    }

    fn skippable(rest: &[u8]) -> Option<Self> {
        Some(Self::Skippable { len: u32::from_le_bytes(*rest.first_chunk()?) })
    }

    fn frame(rest: &[u8]) -> Option<Self> {
        let (&descriptor, rest) = rest.split_first()?;
        let single_segment = descriptor & 0x20 != 0;
        if !single_segment {
            let byte = *rest.first()?;
            let base = 1_u64 << (10 + (byte >> 3));
            return Some(Self::Frame { window: base + (base >> 3) * u64::from(byte & 7) });
        }
        // In a frame with a single segment, the window has the size of the content.
        let dictionary_id = (1_usize << (descriptor & 3)) >> 1;
        let size_len = 1_usize << (descriptor >> 6);
        let size = rest.get(dictionary_id..dictionary_id + size_len)?;
        let mut little_endian = [0; 8];
        little_endian.get_mut(..size_len)?.copy_from_slice(size);
        let size = u64::from_le_bytes(little_endian);
        Some(Self::Frame { window: if size_len == 2 { size + 256 } else { size } })
    }
}

/// The length of the header of a skippable frame.
pub(crate) const ZSTD_SKIPPABLE: usize = 8;

/// Returns the size of the content of a skippable frame that begins with these bytes.
pub(crate) fn zstd_skippable(head: &[u8]) -> Option<u64> {
    match FrameHeader::read(head) {
        FrameHeader::Skippable { len } => Some(u64::from(len)),
        _ => None,
    }
}

/// Returns a frame that begins with these bytes, but with a small window: within so few bytes no reference
/// goes further back. Returns `None` if the bytes differ from those of writers that use large windows, so
/// that hardly any other bytes are taken for a frame.
pub(crate) fn zstd_with_small_window(head: &[u8]) -> Option<Vec<u8>> {
    let (magic, rest) = head.split_at_checked(4).filter(|(magic, _)| *magic == b"\x28\xb5\x2f\xfd")?;
    let (&descriptor, rest) = rest.split_first()?;
    // No reserved bits and no dictionary.
    if descriptor & 0x1b != 0 {
        return None;
    }
    let single_segment = descriptor & 0x20 != 0;
    let (blocks, window) = if single_segment {
        let size = 1 << (descriptor >> 6);
        let (size, blocks) = rest.split_at_checked(size)?;
        let mut little_endian = [0; 8];
        little_endian.get_mut(..size.len())?.copy_from_slice(size);
        (blocks, u64::from_le_bytes(little_endian))
    } else {
        let (&window, rest) = rest.split_first()?;
        let size = if descriptor >> 6 == 0 { 0 } else { 1 << (descriptor >> 6) };
        let is_power = window.trailing_zeros() >= 3;
        (rest.get(size..).filter(|_| is_power)?, 1_u64 << (10 + (window >> 3)))
    };
    if window > MAX_LONG || !is_first_block(blocks, single_segment) {
        return None;
    }
    Some([magic, &[descriptor & 4, SMALL_WINDOW], blocks].concat())
}

/// Returns true if the bytes may begin a frame with its first block. Bytes that break off may.
pub(super) fn may_begin(head: &[u8]) -> bool {
    /// The magic number, the longest frame header, and the beginning of a block.
    const WHOLE: usize = MAX_FRAME_HEADER + 5;
    let Some((&descriptor, rest)) = head.get(4..).and_then(<[u8]>::split_first) else { return true };
    if !head.starts_with(b"\x28\xb5\x2f\xfd") || head.len() < WHOLE {
        return true;
    }
    let single_segment = descriptor & 0x20 != 0;
    let dictionary_id = (1_usize << (descriptor & 3)) >> 1;
    let size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        size => 1 << size,
    };
    let blocks = rest.get(usize::from(!single_segment) + dictionary_id + size..).unwrap_or_default();
    // Bit 3 is reserved.
    descriptor & 8 == 0 && is_first_block(blocks, false)
}

/// Returns true if the bytes may begin the first block of a frame. `is_large` is true if the content is
/// large.
fn is_first_block(bytes: &[u8], is_large: bool) -> bool {
    let Some(&[a, b, c, literals, more]) = bytes.first_chunk() else { return false };
    let header = u32::from_le_bytes([a, b, c, 0]);
    let (is_last, kind, len) = (header & 1 == 1, header >> 1 & 3, header >> 3);
    if len > MAX_BLOCK || is_large && is_last {
        return false;
    }
    // The literals of the first block cannot use a table of an earlier block.
    let (literals_kind, is_short) = (literals & 3, literals & 4 == 0);
    match kind {
        0 | 1 => !is_large || len == MAX_BLOCK,
        2 if literals_kind == 0 && is_short => u32::from(literals >> 3) <= len,
        2 if literals_kind == 0 => u32::from(u16::from_le_bytes([literals, more]) >> 4) <= len,
        2 => literals_kind < 3 && len > 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Window;

    fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Zstd::new(Window::new(bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = out.len().min(self.1);
            self.0.read(&mut out[..len])
        }
    }

    /// Returns what is decoded before an error, with the input in pieces of this length.
    fn before_damage(stream: &[u8], piece: usize) -> Vec<u8> {
        let mut reader = Zstd::new(Window::new(Pieces(stream, piece))).unwrap();
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap_err();
        out
    }

    #[test]
    fn the_blocks_before_damage_are_returned_however_the_input_is_split() {
        use std::io::Write as _;
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        for number in 0..50_u32 {
            writeln!(encoder, "line {number} of a file that is written slowly").unwrap();
            encoder.flush().unwrap();
        }
        let mut stream = encoder.finish().unwrap();
        let last = stream.len() - 20;
        stream[last - 20..last].fill(0xff);
        let expected = before_damage(&stream, 1);
        assert!(expected.len() > 1000, "{}", expected.len());
        for piece in [3, 64, 1 << 16] {
            assert_eq!(before_damage(&stream, piece), expected, "{piece}");
        }
    }

    #[test]
    fn frames_and_skippable_frames() {
        let mut stream = zstd::encode_all(&b"first "[..], 3).unwrap();
        stream.extend_from_slice(&0x184d_2a53_u32.to_le_bytes());
        stream.extend_from_slice(&4_u32.to_le_bytes());
        stream.extend_from_slice(b"skip");
        stream.extend_from_slice(&zstd::encode_all(&b"second"[..], 19).unwrap());
        stream.extend_from_slice(b"no frame");
        let mut frames = Zstd::new(Window::new(&stream[..])).unwrap();
        let mut out = Vec::new();
        frames.read_to_end(&mut out).unwrap();
        assert_eq!(out, b"first second");
        assert!(frames.has_data());
        assert_eq!(frames.into_input().view(), b"no frame");
    }

    #[test]
    fn a_header_that_breaks_off_is_an_error() {
        let frame = zstd::encode_all(&b"first"[..], 3).unwrap();
        for header in
            [&frame[..4], &frame[..5], &[0x53, 0x2a, 0x4d, 0x18], &[0x53, 0x2a, 0x4d, 0x18, 4, 0, 0]]
        {
            for stream in [header, &[&frame[..], header].concat()] {
                let error = decode(stream).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
                assert!(error.to_string().contains("ends early in the header"), "{error}");
            }
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_an_error() {
        let data: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
        let stream = zstd::encode_all(&data[..], 3).unwrap();
        assert!(decode(&stream[..stream.len() - 5]).is_err());
        assert_eq!(decode(&stream).unwrap(), data);
    }

    #[test]
    fn an_absurd_window_is_refused_before_it_is_allocated() {
        // The window descriptor has exponent 31 and mantissa 7, which is about 3.75 TiB.
        let stream = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 1, 0, 0];
        let error = decode(&stream).unwrap_err();
        assert!(error.to_string().contains("window"), "{error}");
    }
}
