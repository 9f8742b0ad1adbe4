//! The decoder of zstd frames with the memory for its window. A thread keeps the last one for the next stream: a CUDA
//! library holds thousands of small frames, and a new window costs as much as such a frame.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, Operation, Status};

use super::memory::{Held, MAX_WINDOW, keep_spare, take_spare};

/// Decodes frames one after the other.
pub(super) struct FrameDecoder {
    /// Present until this value is dropped.
    inner: Option<Inner>,
}

struct Inner {
    decoder: Decoder<'static>,
    held: Held,
}

impl FrameDecoder {
    pub(super) fn new() -> io::Result<Self> {
        let inner = match take_spare() {
            Some(spare) => spare,
            None => Inner { decoder: new_decoder()?, held: Held::none() },
        };
        Ok(Self { inner: Some(inner) })
    }

    /// Reserves the memory that a frame needs. The decoder keeps its largest window from frame to frame.
    pub(super) fn hold(&mut self, window: u64) -> io::Result<()> {
        let inner = self.inner()?;
        if inner.held.is_large() && window < inner.held.bytes() {
            inner.decoder = new_decoder()?;
            inner.held = Held::none();
        }
        if window > inner.held.bytes() {
            inner.held = Held::none();
            inner.held = Held::window(window, "a zstd frame")?;
        }
        Ok(())
    }

    /// Decodes from one buffer into the other.
    pub(super) fn run(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Status> {
        self.inner()?.decoder.run_on_buffers(input, out)
    }

    fn inner(&mut self) -> io::Result<&mut Inner> {
        self.inner.as_mut().ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

impl Drop for FrameDecoder {
    fn drop(&mut self) {
        let spare = self.inner.take().filter(|inner| !inner.held.is_large());
        if let Some(mut inner) = spare
            && inner.decoder.reinit().is_ok()
        {
            keep_spare(inner);
        }
    }
}

fn new_decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW.ilog2()))?;
    Ok(decoder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Stop;
    use crate::stream::{Gate, Party};

    /// Returns whether a spare decoder is kept.
    fn is_kept() -> bool {
        let spare = take_spare::<Inner>();
        let is_kept = spare.is_some();
        if let Some(spare) = spare {
            keep_spare(spare);
        }
        is_kept
    }

    #[test]
    fn a_decoder_that_failed_is_used_again() {
        let frame = zstd::encode_all(&b"text"[..], 1).unwrap();
        let mut out = [0; 10];
        let mut decoder = FrameDecoder::new().unwrap();
        decoder.run(&frame[..frame.len() - 3], &mut out).unwrap();
        drop(decoder);
        assert!(is_kept());
        let mut decoder = FrameDecoder::new().unwrap();
        assert!(!is_kept());
        assert!(decoder.run(b"no frame", &mut out).is_err());
        drop(decoder);
        let status = FrameDecoder::new().unwrap().run(&frame, &mut out).unwrap();
        assert_eq!((status.remaining, &out[..status.bytes_written]), (0, &b"text"[..]));
    }

    #[test]
    fn a_spare_window_makes_room() {
        let gate = Gate::default();
        let member = Party::new(gate.clone(), Stop::default()).join();
        let hold = |bytes| FrameDecoder::new().unwrap().hold(bytes).unwrap();
        hold(1 << 20);
        assert_eq!((gate.pooled(), is_kept()), (1 << 20, true));
        // The window of another decoder.
        let held = Held::window(1 << 10, "a").unwrap();
        assert_eq!((gate.pooled(), is_kept()), (1 << 10, false));
        drop(held);
        // A window that other parties may wait for.
        hold(1 << 24);
        assert_eq!((gate.pooled(), is_kept()), (0, false));
        hold(1 << 20);
        drop(member);
        assert_eq!((gate.pooled(), is_kept()), (0, false));
    }
}
