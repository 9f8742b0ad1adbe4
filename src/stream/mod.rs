//! Streams of bytes: decompression detected by content, and tar streams as entries. No content is held as a
//! whole, and nothing is written to disk.

mod buffered;
mod bzip2;
mod compression;
mod decompress;
mod deflate;
mod frame_decoder;
mod lz4;
mod memory;
mod part;
pub(crate) mod path;
mod relay;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod sevenz;
mod snappy;
mod spare;
mod sparse;
mod tap;
mod tar;
mod window;
mod xz;
mod zstd;

pub(crate) use buffered::read_buffered;
pub(crate) use compression::Compression;
pub(crate) use decompress::Decompressed;
pub(crate) use deflate::{
    Deflate, begins_zlib, begins_zlib_of_any_window, describes_codes, gzip_header_len, plausible_deflate,
};
pub(crate) use memory::{Gate, Member, Party, hold_memory};
pub(crate) use part::{Part, begins_block};
pub(crate) use relay::{Relayed, relay};
pub(crate) use snappy::{SNAPPY_FRAMES, crc32c, masked};
pub(crate) use sparse::{Expansion, SparseMap};
pub(crate) use tap::Tap;
pub(crate) use tar::{Bounds, Entry, EntryKind, Extent, Field, Gap, TarError, Visit, begins_tar, walk};
pub(crate) use window::{Peek, Window};
pub(crate) use zstd::{ZSTD_SKIPPABLE, zstd_skippable, zstd_with_small_window};
