//! Detection of compression by the first bytes, never by name or media type.

use serde::{Deserialize, Serialize};

/// The compression format of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Compression {
    /// Not compressed, as far as the bytes show.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The .xz format.
    Xz,
    /// The .lz format.
    Lzip,
    /// The .lzma format, which `xz --format=lzma` writes.
    Lzma,
    /// The .bz2 format.
    Bzip2,
    /// LZ4 frames, including legacy frames.
    Lz4,
    /// RFC 1950. It has no magic number, so [`Self::of`] does not detect it.
    Zlib,
    /// Snappy, as blocks or framed. No image is compressed with it, so [`Self::of`] does not detect it.
    Snappy,
    /// Blocks of `liblzf`. Only formats that consist of blocks hold it.
    Lzf,
    /// RFC 7932. It has no magic number either.
    Brotli,
    /// Blocks of LZO1X. Only images of squashfs hold it.
    Lzo,
}

impl Compression {
    /// The number of bytes that detection needs: the header of .lzma, which has no magic number.
    pub(crate) const HEAD: usize = 14;

    /// Detects the format by the first bytes. [`Self::HEAD`] bytes are enough. Bytes that begin with a magic
    /// number but have no valid header of that format do not count as compressed.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8] => Self::Gzip,
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'L', b'Z', b'I', b'P', 0 | 1, dictionary, ..] if matches!(dictionary & 0x1f, 12..=29) => {
                Self::Lzip
            }
            // A block, or the end of a stream without a block.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            // Version 01 without reserved bits, and one of four block sizes.
            [0x04, 0x22, 0x4d, 0x18, flags, 0x40 | 0x50 | 0x60 | 0x70, ..] if flags & 0xc2 == 0x40 => {
                Self::Lz4
            }
            // A legacy frame: the size of the first block.
            [0x02, 0x21, 0x4c, 0x18, a, b, c, d, ..]
                if (1..=super::lz4::MAX_LEGACY_PACKED).contains(&u32::from_le_bytes([*a, *b, *c, *d])) =>
            {
                Self::Lz4
            }
            [0x5d, rest @ ..] if is_lzma(rest) => Self::Lzma,
            _ => Self::None,
        }
    }

    /// Returns the format whose magic number precedes an invalid header. The rest cannot be read by anyone.
    pub(crate) fn malformed(head: &[u8]) -> Option<&'static str> {
        match head {
            _ if Self::of(head) != Self::None => None,
            [0x1f, 0x8b, ..] => Some("gzip"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
            _ => None,
        }
    }

    /// Returns the name of the format.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Lzip => "lzip",
            Self::Lzma => "lzma",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
            Self::Zlib => "zlib",
            Self::Snappy => "snappy",
            Self::Lzf => "lzf",
            Self::Brotli => "brotli",
            Self::Lzo => "lzo",
        }
    }

    /// Returns the format's term for its parts. Several parts may follow each other.
    pub(super) fn part(self) -> &'static str {
        match self {
            Self::Gzip | Self::Lzip => "member",
            Self::Zstd | Self::Lz4 => "frame",
            Self::Snappy | Self::Lzf | Self::Lzo => "block",
            Self::None | Self::Xz | Self::Lzma | Self::Bzip2 | Self::Zlib | Self::Brotli => "stream",
        }
    }
}

/// Returns true if the bytes after the usual properties are as writers of .lzma produce them: a dictionary
/// size with one or two bits set, a size that is unknown or below 256 GiB, and the zero at the start of the
/// data.
fn is_lzma(header: &[u8]) -> bool {
    let Some((dictionary, header)) = header.split_first_chunk::<4>() else { return false };
    let Some((size, header)) = header.split_first_chunk::<8>() else { return false };
    let (dictionary, size) = (u32::from_le_bytes(*dictionary), u64::from_le_bytes(*size));
    let top = dictionary.checked_ilog2().unwrap_or(0);
    let usual = top >= 12 && (dictionary == 1 << top || dictionary == 3 << (top - 1));
    usual && (size == u64::MAX || (1..1 << 38).contains(&size)) && header.first() == Some(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_magic_number_alone_is_no_compression() {
        for (head, compression) in [
            (&b"\x1f\x8b\x08\x1f"[..], Compression::Gzip),
            (b"\x1f\x8b\x08\x20", Compression::None),
            (b"\x1f\x8b\x07\x00", Compression::None),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\xfd7zXZ1", Compression::None),
            (b"LZIP\x01\x0c", Compression::Lzip),
            (b"LZIP has", Compression::None),
            (b"BZh91AY&SY", Compression::Bzip2),
            (b"BZh9\x17\x72\x45\x38\x50\x90", Compression::Bzip2),
            (b"BZh9 is a text", Compression::None),
            (b"\x04\x22\x4d\x18\x64\x40", Compression::Lz4),
            (b"\x04\x22\x4d\x18\x24\x40", Compression::None),
            (b"\x04\x22\x4d\x18\x66\x40", Compression::None),
            (b"\x04\x22\x4d\x18\x64\x30", Compression::None),
            (b"\x02\x21\x4c\x18\x10\0\0\0", Compression::Lz4),
            (b"\x02\x21\x4c\x18\x10\0\0\x70", Compression::None),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", Compression::Lzma),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\x01", Compression::None),
            (b"\x5d\0\0\x80\0\x05\0\0\0\0\0\0\0\0", Compression::Lzma),
            (b"\x5d\0\0\xa0\0\x05\0\0\0\0\0\0\0\0", Compression::None),
            (b"", Compression::None),
        ] {
            assert_eq!(Compression::of(head), compression, "{head:x?}");
            assert!(head.len() <= Compression::HEAD);
        }
        assert_eq!(Compression::malformed(b"\x1f\x8b\x07\x00"), Some("gzip"));
        assert_eq!(Compression::malformed(b"\x1f\x8b\x08\x00"), None);
        assert_eq!(Compression::malformed(b"plain"), None);
    }
}
