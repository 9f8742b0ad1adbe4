//! Bytes in motion: decompression told by content, and tar streams as entries. Nothing is held whole
//! and nothing is written to disk.

mod decompress;
mod gzip;
pub mod path;
mod sparse;
mod tar;
mod window;
mod zstd;

pub use decompress::{Compression, Decompressed};
pub use sparse::SparseMap;
pub use tar::{Bounds, Entry, EntryKind, Extent, Field, Gap, TarError, Visit, begins_tar, walk};
pub use window::{Body, Peek, Window};
