//! Truncated or damaged streams, and bytes that only look like a container.

use crate::stop::Stop;
use std::io::{Read as _, Write as _};

use super::*;

/// Returns a deflate stream that is damaged after `data`.
fn damaged_deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.flush().unwrap();
    [&encoder.get_ref()[..], &[0xff; 50]].concat()
}

fn noise(len: u32) -> Vec<u8> {
    (0..len).flat_map(|i| format!("{:x}.", i.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

#[test]
fn what_comes_before_damage_is_searched() {
    for len in [0, 100, 1000, 10_000, 40_000] {
        let text = [noise(len), text(&token("a"))].concat();
        let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &damaged_deflate(&text)].concat();
        let zip = member("n", 8, 0, 0, &damaged_deflate(&text));
        for (content, way, said) in [(gzip, "gzip", "gzip: the gzip"), (zip, "zip:n", "zip:n: the deflate")] {
            let found = with(Unpacker::new(&Stop::default()), &content);
            assert_eq!(found.occurrences.iter().map(super::way).collect::<Vec<_>>(), [way], "{len}");
            let said = format!("Note {said} stream is corrupt; what could be decoded was searched");
            assert_eq!(messages(&found), [said], "{len}");
        }
    }
}

/// The output of the outer decoder in the meantime does not count as the stream's own.
#[test]
fn what_only_looks_like_a_long_header_is_no_stream_wherever_it_stands_in_another() {
    // A header with an extra field and a wrong header checksum.
    let header = b"\x1f\x8b\x08\x06\0\0\0\0\0\x03\x40\x9cAA\x3c\x9c";
    let looks_so = [&header[..], &noise(6000)].concat();
    for before in (0..20_000).step_by(1500) {
        let content = gzip(&[&noise(before)[..], &looks_so, &noise(6000)].concat());
        assert_eq!(messages(&with(Unpacker::new(&Stop::default()), &content)), [""; 0], "{before}");
    }
}

#[test]
fn the_last_bytes_before_the_end_of_a_stream_that_breaks_off_are_searched() {
    let token = token("a");
    let text = [noise(3000), format!("\nHF_TOKEN={token}\nand more\n").into_bytes()].concat();
    let cut = |mut stream: Vec<u8>, n: usize| {
        stream.truncate(stream.len() - n);
        stream
    };
    let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(&text).unwrap();
    let zstd = zstd.finish().unwrap();
    let mut bzip2 = Vec::new();
    bzip2::read::BzEncoder::new(&text[..], bzip2::Compression::best()).read_to_end(&mut bzip2).unwrap();
    let inner = stored("inner", &text);
    for (content, way) in [
        (cut(gzip(&text), 8), "gzip"),
        (cut(gzip(&[&inner[..], &gzip(&text)].concat()), 8), "gzip"),
        (cut(bzip2, 4), "bzip2"),
        (cut(zstd, 2), "zstd"),
        (member("n", 8, 0, 0, &cut(deflate(&text), 1)), "zip:n"),
    ] {
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert_eq!(found.occurrences.first().map(super::way).as_deref(), Some(way));
        assert!(messages(&found).iter().all(|said| said.contains("ends early")), "{:?}", messages(&found));
        assert!(!messages(&found).is_empty());
    }
}

#[test]
fn a_container_in_the_last_bytes_before_an_error_is_opened() {
    let token = token("a");
    let data = gzip(&[noise(2000), gzip(token.as_bytes())].concat());
    let found = with(Unpacker::new(&Stop::default()), &data[..data.len() - 8]);
    assert_eq!(found.occurrences.iter().map(super::way).collect::<Vec<_>>(), ["gzip > gzip"]);
}

#[test]
fn zip_headers_that_lie_hide_nothing() {
    let text = text(&token("a"));
    let honest = |method: u16, flags: u16| {
        let data = deflate(&text);
        let mut member = member("n", method, flags, u32::try_from(data.len()).unwrap(), &data);
        member[22..26].copy_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
        member
    };
    for (at, byte) in [(4, 200), (5, 40), (6, 1), (7, 0x80), (7, 0x10), (8, 0), (8, 0x22), (9, 0x22), (8, 9)]
    {
        for before in [&b""[..], b"#!/bin/sh\n"] {
            let mut content = honest(8, 0);
            content[at] = byte;
            assert_eq!(ways(&[before, &content, b"PK\x01\x02"].concat()), ["zip:n"], "{at} {byte}");
        }
    }
    // A stream that ends within the examined bytes, with its checksum before or after it.
    let token = super::token("b");
    let data = deflate(token.as_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(token.as_bytes());
    let mut short = member("n", 0x2222, 0, 0, &data);
    short[14..18].copy_from_slice(&crc.sum().to_le_bytes());
    let behind = [&member("n", 0x2222, 8, 0, &data)[..], b"PK\x07\x08", &crc.sum().to_le_bytes()].concat();
    for content in [short, behind] {
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert_eq!(found.occurrences.len(), 1);
        assert_eq!(messages(&found), [""; 0]);
    }
}

#[test]
fn a_method_that_is_not_read_is_an_error_of_an_archive_only() {
    let unread = member("name", 9, 0, 40, &[b'#'; 40]);
    let secret = member("name", 8, 1, 40, &[b'#'; 40]);
    let said = ["Error zip: a member is compressed by method 9, which is not supported"];
    let encrypted = ["Note zip: some of its members are encrypted"];
    for (content, messages) in [
        ([&unread[..], b"?"].concat(), &said[..]),
        ([b"#!", &unread[..], b"PK\x01\x02"].concat(), &said),
        ([b"#!", &unread[..], &unread].concat(), &said),
        ([&[0; 5000], &unread[..], &stored("m", b"x")].concat(), &said),
        ([b"#!", &secret[..], b"PK\x01\x02"].concat(), &encrypted),
        // Such bytes occur in the test data of libraries.
        ([b"#!", &unread[..], b"..."].concat(), &[]),
        ([b"#!", &secret[..], b"..."].concat(), &[]),
        ([b"#!", &member("name", 14, 0, 4, b"data")[..], b"PK\x01\x02"].concat(), &[]),
        ([b"#!", &member("na\x01me", 14, 0, 40, &[b'#'; 40])[..], b"PK\x01\x02"].concat(), &[]),
    ] {
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert_eq!(super::messages(&found), messages, "{}", content.escape_ascii());
    }
}

#[test]
fn the_magic_number_of_7z_is_no_archive() {
    let table = [b"7z\xbc\xaf\x27\x1c\0\0\0\0\x0232 more bytes of a table".as_slice(), &[1; 40]].concat();
    for content in [table.clone(), [b"MIME", &table[..]].concat()] {
        assert_eq!(messages(&with(Unpacker::new(&Stop::default()), &content)), [""; 0]);
    }
}

#[test]
fn a_gzip_header_may_be_long() {
    let text = text(&token("a"));
    let plain = gzip(&text);
    for (flags, header) in [
        (8, [&[b'n'; 1500][..], b"\0"].concat()),
        (8, [&[b'n'; 1010][..], b"\0"].concat()),
        (4, [&b"\xd4\x07RA\xd0\x07"[..], &[0x1f; 2000]].concat()),
        (16, [&[b'c'; 1100][..], b"\0"].concat()),
    ] {
        let stream = [&b"\x1f\x8b\x08"[..], &[flags, 0, 0, 0, 0, 0, 3], &header[..], &plain[10..]].concat();
        assert_eq!(ways(&stream), ["gzip"], "{flags}");
        assert_eq!(ways(&[b"#!/bin/sh\n", &stream[..]].concat()), ["gzip"], "{flags}");
    }
}

#[test]
fn a_zstd_window_beyond_the_limit_is_an_error_in_the_midst_of_a_content() {
    for len in [100, 300_000] {
        let text = noise(len);
        let mut stream = zstd::Encoder::new(Vec::new(), 3).unwrap();
        stream.write_all(&text).unwrap();
        let mut stream = stream.finish().unwrap();
        // The frame does not consist of a single segment.
        assert_eq!(stream[4] & 0x20, 0);
        stream[5] = 21 << 3;
        for before in [&b""[..], b"!<arch>\n"] {
            let found = with(Unpacker::new(&Stop::default()), &[before, &stream].concat());
            let said = messages(&found);
            assert!(said.len() == 1 && said[0].starts_with("Error zstd: "), "{said:?}");
        }
    }
}

#[test]
fn a_git_object_in_a_stored_member_whose_size_stands_behind_it() {
    let text = text(&token("a"));
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(format!("blob {}\0", text.len()).as_bytes()).unwrap();
    encoder.write_all(&text).unwrap();
    let object = encoder.finish().unwrap();
    let content = [&member("o", 0, 8, 0, &object)[..], b"PK\x07\x08", &deflated("n", b"x")].concat();
    let (found, _) = crate::unpack::search(&Stop::default(), Origin::default(), &mut &content[..]);
    assert_eq!(found.occurrences.len(), 1);
    assert_eq!(messages(&found), [""; 0]);
}
