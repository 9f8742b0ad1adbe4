//! Formats without a magic number, which only a file name reveals: Brotli, and Snappy without frames.

use super::name::Named;
use super::{HEAD, MAX_PIECE, enter, enter_reader, lz, take};
use crate::detect::StepKind;
use crate::stream::{Compression, hold_memory};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The largest window of Brotli.
const WINDOW: u64 = 16 << 20;

/// Returns true if the bytes may begin content of this format.
pub(super) fn may_begin(named: Named, head: &[u8]) -> bool {
    match named {
        Named::Brotli => {
            let (mut out, mut given) = ([0; 4096], 0);
            let mut decoder = lz::brotli(head);
            // The stream goes on behind the head.
            while given < 64 * 1024 {
                match std::io::Read::read(&mut decoder, &mut out) {
                    Ok(0) => break,
                    Ok(n) => given += n,
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
                    // The decoder takes the end of the head for damage as well.
                    Err(_) => return given >= out.len() && head.len() >= HEAD,
                }
            }
            given > 0 || head.len() >= HEAD
        }
        Named::Snappy => lz::varint(head).is_some_and(|(len, _)| (1..=MAX_PIECE).contains(&len)),
    }
}

pub(super) fn open(named: Named, level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    match named {
        Named::Brotli => {
            let step = StepKind::Compression(Compression::Brotli);
            match hold_memory(WINDOW, "a Brotli stream") {
                Ok(_held) => enter_reader(level, step, lz::brotli(raw)),
                Err(error) => level.failed(step, &error),
            }
        }
        Named::Snappy => {
            // A longer file is something else.
            let most = snap::raw::max_compress_len(usize::try_from(MAX_PIECE).unwrap_or(usize::MAX));
            let bytes = take(raw, most as u64 + 1);
            match lz::snappy(&bytes, MAX_PIECE) {
                Some(text) => enter(level, Compression::Snappy, &text),
                // Containers in it are not lost.
                None => enter(level, Compression::None, &bytes),
            }
        }
    }
}
