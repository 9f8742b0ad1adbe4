//! The memory needs of the coders of a 7z archive.

use sevenz_rust2::{Coder, EncoderMethod};

const MIB: u64 = 1024 * 1024;
/// The memory of a coder in addition to its dictionary: tables for up to twelve context bits of LZMA.
pub(super) const OVERHEAD: u64 = 8 * MIB;

/// Returns the memory that a coder needs according to its properties. Returns the largest number for invalid
/// properties.
pub(super) fn memory(coder: &Coder) -> u64 {
    let properties = coder.properties();
    match coder.encoder_method_id() {
        EncoderMethod::ID_LZMA | EncoderMethod::ID_PPMD => match properties {
            [_, a, b, c, d, ..] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + OVERHEAD,
            _ => u64::MAX,
        },
        EncoderMethod::ID_LZMA2 => match properties {
            [40, ..] => 1 << 32,
            [bits @ 0..40, ..] => (u64::from(2 | bits & 1) << (bits / 2 + 11)) + OVERHEAD,
            _ => u64::MAX,
        },
        EncoderMethod::ID_BZIP2 => 4 * MIB,
        // Blocks of 4 MiB, stored and decoded, counted twice.
        EncoderMethod::ID_LZ4 => 16 * MIB,
        // The frames are not known here, only the limit of the decoder.
        EncoderMethod::ID_ZSTD => 128 * MIB,
        _ => MIB / 4,
    }
}
