//! Decoders of blocks that lie in memory.

use std::io::Read;

use crate::stream::{Compression, Deflate, Part};

/// Decodes a block of LZF as `liblzf` and Redis write it. Returns what decodes before the first error, and
/// whether all of the block does.
pub(super) fn lzf(mut block: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut out: Vec<u8> = Vec::new();
    while let Some((&control, rest)) = block.split_first() {
        let control = usize::from(control);
        if control < 32 {
            let Some((literals, rest)) = rest.split_at_checked(control + 1) else {
                out.extend_from_slice(rest);
                return (out, false);
            };
            out.extend_from_slice(literals);
            block = rest;
        } else {
            let (extra, rest) = match (control >> 5, rest.split_first()) {
                (7, Some((&extra, rest))) => (usize::from(extra), rest),
                (7, None) => return (out, false),
                _ => (0, rest),
            };
            let Some((&low, rest)) = rest.split_first() else { return (out, false) };
            let distance = ((control & 31) << 8 | usize::from(low)) + 1;
            let Some(from) = out.len().checked_sub(distance) else { return (out, false) };
            for at in from..from + (control >> 5) + extra + 2 {
                let Some(&byte) = out.get(at) else { break };
                out.push(byte);
            }
            block = rest;
        }
        if out.len() > most {
            return (out, false);
        }
    }
    (out, true)
}

/// Decodes a block of Snappy that claims to have at most `most` bytes.
pub(super) fn snappy(block: &[u8], most: u64) -> Option<Vec<u8>> {
    let len = snap::raw::decompress_len(block).ok()?;
    // Three bytes make 64 at most.
    let fits = len as u64 <= most && len / 32 <= block.len();
    fits.then(|| snap::raw::Decoder::new().decompress_vec(block).ok()).flatten()
}

/// Decodes a block of lz4 that has `len` bytes.
pub(super) fn lz4(block: &[u8], len: usize) -> Option<Vec<u8>> {
    // Each byte makes 255 at most.
    let fits = len / 256 <= block.len() && !block.is_empty();
    let decode = || lz4_flex::block::decompress(block, len).ok().filter(|out| out.len() == len);
    fits.then(decode).flatten()
}

/// Decodes a block of raw deflate, Brotli, or another compression, to at most `most` bytes.
pub(super) fn decode(compression: Compression, block: &[u8], most: u64) -> Option<Vec<u8>> {
    match compression {
        Compression::Snappy => snappy(block, most),
        Compression::Lz4 => {
            let len = lz4_len(block).filter(|&len| len as u64 <= most)?;
            lz4(block, len)
        }
        Compression::Zlib => {
            let mut decoder = Deflate::bare(block);
            let out = read(&mut decoder, most)?;
            // Writers of Avro leave a part of a checksum there.
            (decoder.into_input().len() < 4).then_some(out)
        }
        Compression::Lzo => {
            // Each byte makes 255 at most.
            let most = usize::try_from(most).ok()?.min(block.len().saturating_mul(256));
            let mut out = vec![0; most];
            let len = lzokay::decompress::decompress(block, &mut out).ok()?;
            out.truncate(len);
            Some(out)
        }
        Compression::Brotli => read(brotli(block), most),
        compression => stream(compression, block, most),
    }
}

/// Decodes a stream with its header to at most `most` bytes.
pub(super) fn stream(compression: Compression, block: &[u8], most: u64) -> Option<Vec<u8>> {
    read(Part::open(compression, block).ok()?, most)
}

/// Returns true if a block decodes to more than `most` bytes.
pub(super) fn exceeds(compression: Compression, block: &[u8], most: u64) -> bool {
    let copied = |decoder: &mut dyn Read| std::io::copy(&mut decoder.take(most + 1), &mut std::io::sink());
    let len = match compression {
        Compression::Snappy => snap::raw::decompress_len(block).map(|len| len as u64).ok(),
        Compression::Lz4 => lz4_len(block).map(|len| len as u64),
        Compression::Zlib => copied(&mut Deflate::bare(block)).ok(),
        Compression::Brotli => copied(&mut brotli(block)).ok(),
        _ => Part::open(compression, block).ok().and_then(|mut part| copied(&mut part).ok()),
    };
    len.is_some_and(|len| len > most)
}

/// Returns a decoder of Brotli with windows of at most 16 MiB.
pub(super) fn brotli<R: Read>(input: R) -> impl Read {
    use brotli_decompressor::BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW;
    let mut decoder = brotli_decompressor::Decompressor::new(input, 4096);
    decoder.set_parameter(BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    decoder
}

fn read(decoder: impl Read, most: u64) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    decoder.take(most + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= most).then_some(out)
}

/// The sequences of a block of lz4, each some literals and a reference. They are checked, but not decoded.
pub(super) struct Lz4Sequences<'a> {
    pub(super) bytes: &'a [u8],
    /// The offset of what comes next.
    pub(super) at: usize,
    /// The size of the output.
    pub(super) made: usize,
    /// The first byte of the sequence.
    token: u8,
}

impl<'a> Lz4Sequences<'a> {
    /// Begins with the sequence at `at`.
    pub(super) fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, made: 0, token: 0 }
    }

    /// Passes the literals of the next sequence, and returns their number. A block may end behind them.
    pub(super) fn literals(&mut self) -> Option<usize> {
        let token = *self.bytes.get(self.at)?;
        let mut behind = self.at + 1;
        let literals = self.length(usize::from(token >> 4), &mut behind)?;
        let behind = behind.checked_add(literals).filter(|&behind| behind <= self.bytes.len())?;
        // The length of the reference is in the token.
        (self.at, self.token) = (behind, token);
        self.made += literals;
        Some(literals)
    }

    /// Passes the reference of a sequence.
    pub(super) fn reference(&mut self) -> Option<()> {
        let distance = self.bytes.get(self.at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))?;
        if distance == 0 || usize::from(distance) > self.made {
            return None;
        }
        let mut behind = self.at + 2;
        let len = self.length(usize::from(self.token & 15), &mut behind)?;
        self.at = behind;
        self.made = self.made.checked_add(len)?.checked_add(4)?;
        Some(())
    }

    /// Reads the rest of a length of which four bits are known.
    fn length(&self, bits: usize, at: &mut usize) -> Option<usize> {
        let mut len = bits;
        if bits < 15 {
            return Some(len);
        }
        loop {
            let byte = *self.bytes.get(*at)?;
            *at += 1;
            len = len.checked_add(usize::from(byte))?;
            if byte != 255 {
                return Some(len);
            }
        }
    }
}

/// Returns the size of what a block of lz4 decodes to.
fn lz4_len(block: &[u8]) -> Option<usize> {
    let mut sequences = Lz4Sequences::at(block, 0);
    loop {
        sequences.literals()?;
        if sequences.at == block.len() {
            return Some(sequences.made);
        }
        sequences.reference()?;
    }
}

/// Reads a number of the kind that has seven bits a byte, the lowest first.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (n, &byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(n).ok()?)?;
        if byte < 0x80 {
            return Some((number, bytes.get(n + 1..)?));
        }
    }
    None
}

/// Returns the length of the block of Snappy at the start of `bytes`, which ends where its output is whole.
pub(super) fn snappy_len(bytes: &[u8]) -> Option<usize> {
    let (len, mut rest) = varint(bytes)?;
    let mut made = 0;
    while made < len {
        let (&tag, behind) = rest.split_first()?;
        let (size, skipped) = match tag & 3 {
            0 => match usize::from(tag >> 2) {
                short @ ..60 => (short as u64 + 1, short + 1),
                long => {
                    let mut size = [0; 8];
                    let count = long - 59;
                    size.get_mut(..count)?.copy_from_slice(behind.get(..count)?);
                    let size = u64::from_le_bytes(size) + 1;
                    (size, usize::try_from(size).ok()?.checked_add(count)?)
                }
            },
            1 => (u64::from(tag >> 2 & 7) + 4, 1),
            2 => (u64::from(tag >> 2) + 1, 2),
            _ => (u64::from(tag >> 2) + 1, 4),
        };
        made += size;
        rest = behind.get(skipped..)?;
    }
    (made == len && len > 0).then_some(bytes.len() - rest.len())
}
