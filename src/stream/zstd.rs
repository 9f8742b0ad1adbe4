//! Zstandard, frame by frame (RFC 8878), so that a frame's window is known before it is allocated.

use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard};

use zstd::stream::raw::{Decoder, Operation};

use super::window::Window;

/// Windows up to this size are decoded by all workers at once.
const COMMON_WINDOW: u64 = 8 * 1024 * 1024;
/// The largest window that is decoded at all: what `zstd --long` needs, as the format recommends.
const MAX_WINDOW_LOG: u32 = 27;
/// The longest frame header (RFC 8878, section 3.1.1.1), magic number included.
const MAX_FRAME_HEADER: usize = 18;

/// Held while a frame with a large window is decoded: one at a time, so that memory stays bounded.
static LARGE_WINDOW: Mutex<()> = Mutex::new(());

/// Decompresses every frame of a stream; skippable frames and what follows the last frame are read past.
pub(super) struct Zstd<R> {
    input: Window<R>,
    decoder: Decoder<'static>,
    within_frame: bool,
    large: Option<MutexGuard<'static, ()>>,
}

impl<R: Read> Zstd<R> {
    pub(super) fn new(input: Window<R>) -> io::Result<Self> {
        Ok(Self { input, decoder: new_decoder()?, within_frame: false, large: None })
    }

    /// Reads past skippable frames to the start of a frame; says whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let head = self.input.fill(MAX_FRAME_HEADER)?;
            match FrameHeader::read(head) {
                FrameHeader::Frame { window } => {
                    if window > 1 << MAX_WINDOW_LOG {
                        let message = format!(
                            "a zstd frame needs a window of {} MiB, more than the limit of {} MiB",
                            window >> 20,
                            (1_u64 << MAX_WINDOW_LOG) >> 20
                        );
                        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                    }
                    if window > COMMON_WINDOW && self.large.is_none() {
                        let lock = LARGE_WINDOW.lock();
                        self.large = Some(lock.unwrap_or_else(std::sync::PoisonError::into_inner));
                    } else if window <= COMMON_WINDOW && self.large.is_some() {
                        self.decoder = new_decoder()?;
                        self.large = None;
                    }
                    return Ok(true);
                }
                FrameHeader::Skippable { len } => {
                    if self.input.skip(8 + u64::from(len))? < 8 + u64::from(len) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                FrameHeader::None => {
                    io::copy(&mut self.input, &mut io::sink())?;
                    return Ok(false);
                }
            }
        }
    }
}

impl<R: Read> Read for Zstd<R> {
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
            }
            let view = self.input.fill(1)?;
            let at_end = view.is_empty();
            let status = self.decoder.run_on_buffers(view, out)?;
            self.input.consume(status.bytes_read);
            if status.remaining == 0 {
                self.within_frame = false;
            }
            if status.bytes_written > 0 {
                return Ok(status.bytes_written);
            }
            if at_end && self.within_frame {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the zstd stream breaks off inside a frame",
                ));
            }
        }
    }
}

fn new_decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(MAX_WINDOW_LOG))?;
    Ok(decoder)
}

/// What the first bytes of a frame say (RFC 8878, section 3.1).
#[derive(Debug, PartialEq, Eq)]
enum FrameHeader {
    Frame { window: u64 },
    Skippable { len: u32 },
    None,
}

impl FrameHeader {
    fn read(bytes: &[u8]) -> Self {
        Self::parse(bytes).unwrap_or(Self::None)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let magic = u32::from_le_bytes(*magic);
        if magic & 0xffff_fff0 == 0x184d_2a50 {
            return Some(Self::Skippable { len: u32::from_le_bytes(*rest.first_chunk()?) });
        }
        if magic != 0xfd2f_b528 {
            return None;
        }
        let (&descriptor, rest) = rest.split_first()?;
        let single_segment = descriptor & 0x20 != 0;
        if !single_segment {
            let byte = *rest.first()?;
            let base = 1_u64 << (10 + (byte >> 3));
            return Some(Self::Frame { window: base + (base >> 3) * u64::from(byte & 7) });
        }
        // With a single segment the window is the content's size.
        let dictionary_id = (1_usize << (descriptor & 3)) >> 1;
        let size_len = 1_usize << (descriptor >> 6);
        let size = rest.get(dictionary_id..dictionary_id + size_len)?;
        let mut little_endian = [0; 8];
        little_endian.get_mut(..size_len)?.copy_from_slice(size);
        let size = u64::from_le_bytes(little_endian);
        Some(Self::Frame { window: if size_len == 2 { size + 256 } else { size } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Zstd::new(Window::new(bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn frames_skippable_frames_and_a_trailer() {
        let mut stream = zstd::encode_all(&b"first "[..], 3).unwrap();
        stream.extend_from_slice(&0x184d_2a53_u32.to_le_bytes());
        stream.extend_from_slice(&4_u32.to_le_bytes());
        stream.extend_from_slice(b"skip");
        stream.extend_from_slice(&zstd::encode_all(&b"second"[..], 19).unwrap());
        stream.extend_from_slice(b"no frame");
        assert_eq!(decode(&stream).unwrap(), b"first second");
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
        // Window descriptor: exponent 31, mantissa 7, about 3.75 TiB.
        let stream = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 1, 0, 0];
        let error = decode(&stream).unwrap_err();
        assert!(error.to_string().contains("window"), "{error}");
    }
}
