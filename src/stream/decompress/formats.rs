//! Tests that apply to every format.

use super::*;
use crate::fault::is_limit;
use crate::stream::Window;
use crate::stream::samples::{self, FORMATS, part};

fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    // The window is small, so that headers and checksums cross its boundaries.
    Decompressed::new(Window::with_capacity(1, bytes))?.read_to_end(&mut out)?;
    Ok(out)
}

#[test]
fn what_was_compressed_comes_back() {
    for format in FORMATS {
        for len in [0, 1, 100, 70_000, 3_000_000] {
            let data = samples::bytes(len);
            assert!(decode(&part(format, &data)).unwrap() == data, "{format:?} {len}");
        }
    }
}

#[test]
fn parts_of_all_formats_follow_each_other() {
    let mut stream = Vec::new();
    let mut held = Vec::new();
    for first in FORMATS {
        for second in FORMATS {
            stream.extend([part(first, b"one "), vec![0; 40], part(first, b"")].concat());
            stream.extend(part(second, b"two "));
            held.extend_from_slice(b"one two ");
        }
    }
    assert_eq!(decode(&stream).unwrap(), held);
}

#[test]
fn a_stream_that_ends_early_is_an_error_wherever_it_ends() {
    let data = samples::bytes(300);
    for format in FORMATS {
        let stream = part(format, &data);
        let first = (1..stream.len()).find(|&len| Compression::of(&stream[..len]) != Compression::None);
        for len in first.unwrap()..stream.len() {
            let mut out = Vec::new();
            let reader = Decompressed::new(Window::new(&stream[..len]));
            let error = reader.and_then(|mut reader| reader.read_to_end(&mut out)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{format:?} {len}");
            assert!(error.to_string().contains("ends early"), "{format:?} {len}: {error}");
            assert!(error.to_string().contains(format.name()), "{format:?} {len}: {error}");
            assert!(data.starts_with(&out));
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_where_there_are_checksums() {
    let data = samples::bytes(300);
    for format in FORMATS {
        let checked = !matches!(format, Compression::Zstd | Compression::Lzma);
        let stream = part(format, &data);
        for at in 0..stream.len() * 8 {
            let mut flipped = stream.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            if let Ok(out) = decode(&flipped) {
                let is_plain = Compression::of(&flipped) == Compression::None;
                assert!(!checked || is_plain || out == data, "{format:?}, bit {at}");
            }
        }
    }
}

#[test]
fn what_stands_behind_a_part_is_left_there() {
    for format in FORMATS {
        for behind in [&b"behind"[..], b"", &part(format, b"more"), &[0; 30]] {
            if format == Compression::Zstd && Compression::of(behind) == format {
                continue;
            }
            let stream = [&part(format, b"data"), behind].concat();
            let mut input = &stream[..];
            let mut reader = Part::open(format, &mut input as &mut dyn Peek).unwrap();
            let mut out = Vec::new();
            reader.read_to_end(&mut out).unwrap();
            assert_eq!(out, b"data");
            assert!(!reader.is_skippable());
            let mut rest = Vec::new();
            reader.into_input().read_to_end(&mut rest).unwrap();
            assert_eq!(rest, behind, "{format:?}");
        }
        let mut out = Vec::new();
        let stream = [&part(format, b"data")[..], b"behind"].concat();
        let error = Decompressed::new(Window::new(&stream[..])).unwrap().read_to_end(&mut out).unwrap_err();
        let (name, unit) = (format.name(), format.part());
        assert_eq!(error.to_string(), format!("6 bytes after the last {name} {unit} are not a {unit}"));
        assert_eq!(out, b"data");
    }
}

#[test]
fn a_dictionary_that_is_too_large_is_refused_before_it_is_allocated() {
    let lzma = |dictionary: u32| {
        let mut stream = part(Compression::Lzma, b"data");
        stream[1..5].copy_from_slice(&dictionary.to_le_bytes());
        stream
    };
    // 4 KiB, 8 MiB, 64 MiB, 96 MiB and 128 MiB.
    for property in [0, 22, 28, 29, 30] {
        assert_eq!(decode(&samples::xz_with_dictionary(b"data", property)).unwrap(), b"data");
    }
    for log in [12, 23, 27, 0xfb] {
        assert_eq!(decode(&samples::lzip(b"data", log)).unwrap(), b"data");
    }
    assert_eq!(decode(&lzma(128 << 20)).unwrap(), b"data");
    // 192 MiB to 4 GiB.
    let refused = (31..=40).map(|property| samples::xz_with_dictionary(b"data", property)).chain([
        samples::lzip(b"data", 28),
        samples::lzip(b"data", 29),
        lzma(192 << 20),
        lzma(3 << 30),
    ]);
    for stream in refused {
        let error = decode(&stream).unwrap_err();
        assert!(is_limit(&error), "{error}");
        assert!(error.to_string().contains("more than the limit of 128 MiB"), "{error}");
    }
    let error = decode(&samples::xz_with_dictionary(b"data", 41)).unwrap_err();
    assert_eq!(error.to_string(), "the xz stream uses a filter or an option that is not known");
}

#[test]
fn large_dictionaries_within_each_other_do_not_wait_for_themselves() {
    let inner = samples::xz_with_dictionary(b"data", 28);
    let middle = samples::xz_with_dictionary(&inner, 28);
    let outer = samples::xz_with_dictionary(&middle, 30);
    let outer = Decompressed::new(Window::new(&outer[..])).unwrap();
    let middle = Decompressed::new(Window::with_capacity(65536, outer)).unwrap();
    let mut out = Vec::new();
    let mut inner = Decompressed::new(Window::with_capacity(65536, middle)).unwrap();
    inner.read_to_end(&mut out).unwrap();
    assert_eq!(out, b"data");
}

#[test]
fn skippable_frames_belong_to_lz4_too() {
    let skippable = &b"\x50\x2a\x4d\x18\x04\0\0\0skip"[..];
    let lz4 = part(Compression::Lz4, b"data");
    for stream in [[skippable, &lz4].concat(), [&lz4[..], skippable].concat()] {
        assert_eq!(decode(&stream).unwrap(), b"data");
    }
    let gzip = part(Compression::Gzip, b"data");
    assert!(decode(&[&lz4[..], &gzip, skippable].concat()).is_err());
}
