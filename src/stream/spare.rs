//! Buffers and decoders that are used again by the thread that used them. An archive of small members would set up
//! a new one for each of them otherwise, which takes longer than decoding them.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use flate2::Decompress;

/// The number of spare buffers, and of spare decoders, of a thread.
const MOST: usize = 4;
/// The largest buffer that is kept.
const LARGEST: usize = 128 * 1024;

/// The base-2 logarithm of the window of deflate, which is fixed in the format.
const WINDOW_BITS: u8 = 15;

thread_local! {
    static BUFFERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
    static DECODERS: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of fixed length. It holds any bytes at first.
pub(super) struct Buffer(Box<[u8]>);

impl Buffer {
    pub(super) fn new(len: usize) -> Self {
        let spare = BUFFERS.with_borrow_mut(|spare| {
            let at = spare.iter().rposition(|buffer| buffer.len() == len)?;
            Some(spare.swap_remove(at))
        });
        Self(spare.unwrap_or_else(|| vec![0; len].into_boxed_slice()))
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        keep(&BUFFERS, std::mem::take(&mut self.0), |buffer| (1..=LARGEST).contains(&buffer.len()));
    }
}

/// The format around deflated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Nothing,
    Zlib,
    Gzip,
}

/// A decoder of deflate.
pub(super) struct Inflate {
    around: Around,
    decoder: Option<Decompress>,
}

impl Inflate {
    pub(super) fn new(around: Around) -> Self {
        let mut decoder = None;
        // A decoder for gzip cannot be made of another one.
        if around != Around::Gzip {
            decoder = DECODERS.with_borrow_mut(Vec::pop);
        }
        if let Some(decoder) = &mut decoder {
            decoder.reset(around == Around::Zlib);
        }
        Self { around, decoder }
    }

    pub(super) fn decoder(&mut self) -> &mut Decompress {
        self.decoder.get_or_insert_with(|| match self.around {
            Around::Nothing => Decompress::new(false),
            Around::Zlib => Decompress::new(true),
            Around::Gzip => Decompress::new_gzip(WINDOW_BITS),
        })
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        if let Some(decoder) = self.decoder.take().filter(|_| self.around != Around::Gzip) {
            keep(&DECODERS, decoder, |_| true);
        }
    }
}

fn keep<T>(spare: &'static std::thread::LocalKey<RefCell<Vec<T>>>, item: T, fits: impl Fn(&T) -> bool) {
    // A thread that ends keeps nothing.
    let _ = spare.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if fits(&item) {
            if spare.len() >= MOST {
                spare.remove(0);
            }
            spare.push(item);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_kept() {
        let buffers: Vec<Buffer> = (0..10).map(|_| Buffer::new(4096)).collect();
        let decoders: Vec<Inflate> = (0..10)
            .map(|_| {
                let mut inflate = Inflate::new(Around::Zlib);
                inflate.decoder();
                inflate
            })
            .collect();
        drop((buffers, decoders, Buffer::new(LARGEST + 1)));
        let kept = BUFFERS.with_borrow(|spare| spare.iter().map(|buffer| buffer.len()).collect::<Vec<_>>());
        assert_eq!(kept, [4096; MOST]);
        assert_eq!(DECODERS.with_borrow(Vec::len), MOST);
        assert_eq!(Buffer::new(4096).len(), 4096);
    }

    #[test]
    fn a_decoder_that_failed_is_used_again() {
        let mut out = [0; 10];
        let mut decode = |around, data: &[u8]| {
            let mut inflate = Inflate::new(around);
            let status = inflate.decoder().decompress(data, &mut out, flate2::FlushDecompress::None);
            status.is_ok().then(|| out[..2].to_vec())
        };
        // "hi" in a stored block, bare and with the header of zlib.
        let stored = *b"\x01\x02\x00\xfd\xffhi";
        let sum = [0x01, 0x3b, 0x00, 0xd2];
        let zlib = [&b"\x78\x01"[..], &stored, &sum].concat();
        for _ in 0..3 {
            assert_eq!(decode(Around::Nothing, &[0xff; 9]), None);
            assert_eq!(decode(Around::Nothing, &stored), Some(b"hi".to_vec()));
            assert_eq!(decode(Around::Zlib, &zlib), Some(b"hi".to_vec()));
        }
    }
}
