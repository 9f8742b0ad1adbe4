//! Bytes in motion: decompression told by content, and tar streams as entries. Nothing is held whole
//! and nothing is written to disk.

mod bzip2;
mod compression;
mod decompress;
mod deflate;
mod lz4;
mod memory;
mod part;
pub mod path;
mod relay;
#[cfg(test)]
pub(crate) mod samples;
pub mod sevenz;
mod sparse;
mod tap;
mod tar;
mod window;
mod xz;
mod zstd;

pub use compression::Compression;
pub use decompress::Decompressed;
pub use deflate::{Deflate, gzip_header_len};
pub use memory::{Gate, Held, Member, Party, hold_memory};
pub use part::Part;
pub use relay::{Relay, Relayed, relay};
pub use sparse::SparseMap;
pub use tap::Tap;
pub use tar::{Bounds, Entry, EntryKind, Extent, Field, Gap, TarError, Visit, begins_tar, walk};
pub use window::{Body, Peek, Window};
pub use zstd::zstd_with_small_window;
