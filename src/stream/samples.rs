//! Small streams of every format, for tests.

use std::io::{Read as _, Write as _};

use liblzma::stream::{Check, LzmaOptions, Stream};

use super::Compression;

/// All compressed formats.
pub(crate) const FORMATS: [Compression; 7] = [
    Compression::Gzip,
    Compression::Zstd,
    Compression::Xz,
    Compression::Lzip,
    Compression::Lzma,
    Compression::Bzip2,
    Compression::Lz4,
];

/// Returns a tar archive of one file.
pub(crate) fn tar_of(name: &str, data: &[u8]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    header.set_size(data.len() as u64);
    builder.append_data(&mut header, name, data).unwrap();
    builder.into_inner().unwrap()
}

/// Returns one part that holds `data`.
pub(crate) fn part(compression: Compression, data: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None | Compression::Lzf | Compression::Brotli | Compression::Lzo => data.to_vec(),
        Compression::Snappy => {
            let mut encoder = snap::write::FrameEncoder::new(Vec::new());
            encoder.write_all(data).unwrap();
            // An empty stream has its first chunk as well.
            let stream = encoder.into_inner().unwrap();
            if stream.is_empty() { super::SNAPPY_FRAMES.to_vec() } else { stream }
        }
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(data, 3).unwrap(),
        Compression::Xz => encode(Stream::new_easy_encoder(0, Check::Crc64).unwrap(), data),
        Compression::Lzma => lzma(data),
        Compression::Lzip => lzip(data, 23),
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zlib => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => lz4(data, lz4_flex::frame::BlockMode::Linked),
    }
}

fn encode(stream: Stream, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    liblzma::read::XzEncoder::new_stream(data, stream).read_to_end(&mut out).unwrap();
    out
}

fn lzma(data: &[u8]) -> Vec<u8> {
    encode(Stream::new_lzma_encoder(&LzmaOptions::new_preset(0).unwrap()).unwrap(), data)
}

/// Returns an lzip member: the data of .lzma between the header and trailer of the format. The dictionary
/// has two to the power of `log` bytes.
pub(super) fn lzip(data: &[u8], log: u8) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    let mut member = [&b"LZIP\x01"[..], &[log], &lzma(data)[13..]].concat();
    member.extend(crc.sum().to_le_bytes());
    member.extend((data.len() as u64).to_le_bytes());
    member.extend((member.len() as u64 + 8).to_le_bytes());
    member
}

/// Returns an .xz stream with another dictionary size, given as the property byte of the format.
pub(super) fn xz_with_dictionary(data: &[u8], property: u8) -> Vec<u8> {
    let mut stream = part(Compression::Xz, data);
    // The fields after the stream header: size, flags, filter, size of its properties, properties, padding,
    // checksum.
    let len = (usize::from(stream[12]) + 1) * 4;
    assert_eq!(stream[12..16], [2, 0, 0x21, 1]);
    stream[16] = property;
    let mut crc = flate2::Crc::new();
    crc.update(&stream[12..12 + len - 4]);
    stream[12 + len - 4..12 + len].copy_from_slice(&crc.sum().to_le_bytes());
    stream
}

/// Returns an lz4 frame with blocks of 64 KiB and all checksums.
pub(super) fn lz4(data: &[u8], mode: lz4_flex::frame::BlockMode) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new()
        .block_mode(mode)
        .block_size(lz4_flex::frame::BlockSize::Max64KB)
        .block_checksums(true)
        .content_checksum(true)
        .content_size(Some(data.len() as u64));
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Returns bytes that compress a little and have distant back-references.
pub(crate) fn bytes(len: u32) -> Vec<u8> {
    (0..len).map(|i| ((i.wrapping_mul(i) >> 3) % 251) as u8).collect()
}
