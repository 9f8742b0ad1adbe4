//! Tables: ORC, Avro, Arrow and Parquet.

use std::io::{self, Read};

use super::*;
use crate::stream::Window;

#[test]
fn texts_of_a_table_need_no_borders() {
    let token = token("a");
    // The pieces in front keep the token out of the compressed bytes.
    let pieces: Vec<&str> =
        token.as_bytes().chunks(9).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    let column = [pieces.join("-"), format!("-J{token}def"), "ghi".repeat(9)].concat();
    let packed = zstd::encode_all(column.as_bytes(), 3).unwrap();
    for (head, count) in [
        (&b"ARROW1\0\0"[..], 1),
        (b"\xff\xff\xff\xff\x10\x01\0\0", 1),
        (b"PAR1\x15\0", 1),
        (b"\xff\xff\xff\xff\x11\x01\0\0", 0),
        (b"ARROWHEAD", 0),
    ] {
        let content = [head, &packed, b"\0\0\0\0"].concat();
        assert_eq!(ways(&content).len(), count, "{head:x?}");
    }
}

#[test]
fn chunks_of_orc() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let text = text(&token("a"));
    let cut = text.windows(9).position(|w| w == b"HF_TOKEN=").unwrap() + 20;
    let all: [(Pack, &str); 4] = [
        (deflate, "zlib"),
        (snappy, "snappy"),
        (|text| lz4_flex::block::compress(text), "lz4"),
        (|text| zstd::encode_all(text, 3).unwrap(), "zstd"),
    ];
    for (pack, way) in all {
        let packed = |text: &[u8]| chunk(&pack(text), false);
        let large = packed(&bytes(200_000));
        let halves = [packed(&text[..cut]), packed(&text[cut..])].concat();
        for chunks in [
            packed(&text),
            [chunk(b"short", true), vec![0; 3], packed(&text)].concat(),
            [&large[..], &halves].concat(),
            [&halves[..], &large].concat(),
        ] {
            let content = [b"ORC", &chunks[..], b"\x08\x03\x10\x00\x82\xf4\x03\x03ORC\x17"].concat();
            assert_eq!(ways(&content), [way]);
        }
        // Containers in chunks that are not compressed, and behind damage.
        let gzip = crate::stream::samples::part(Compression::Gzip, &text);
        let stored = [b"ORC", &packed(&bytes(900))[..], &chunk(&gzip, true)].concat();
        assert_eq!(ways(&stored), [format!("{way} > gzip")]);
        let broken = [b"ORC", &packed(&bytes(900))[..], &chunk(b"broken", false), &gzip].concat();
        assert_eq!(ways(&broken), [format!("{way} > gzip")]);
    }
    for text in [&b"ORC"[..], b"ORCHARD of apples", &b"ORC is a format. ".repeat(900)] {
        assert!(!orc::begins(&text[..text.len().min(HEAD)]));
    }
}

#[test]
fn blocks_of_avro() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let text = text(&token("a"));
    let cut = text.windows(9).position(|w| w == b"HF_TOKEN=").unwrap() + 20;
    let long = |number: usize| len(number * 2);
    let bytes_of = |bytes: &[u8]| [&long(bytes.len())[..], bytes].concat();
    let all: [(&str, Pack, &str); 5] = [
        ("deflate", deflate, "zlib"),
        // As writers in Python do.
        ("deflate", |text| [&deflate(text)[..], &[1, 2, 3]].concat(), "zlib"),
        ("snappy", |text| [&snappy(text)[..], &[1, 2, 3, 4]].concat(), "snappy"),
        ("zstandard", |text| zstd::encode_all(text, 3).unwrap(), "zstd"),
        ("bzip2", |text| crate::stream::samples::part(Compression::Bzip2, text), "bzip2"),
    ];
    for (codec, pack, way) in all {
        let schema = [b"\"string\"".to_vec(), vec![b' '; 9000]].concat();
        let entries = [&b"avro.codec"[..], codec.as_bytes(), b"avro.schema", &schema].map(bytes_of).concat();
        let header = [b"Obj\x01", &long(2)[..], &entries, &[0], &[7; 16]].concat();
        let sized = [b"Obj\x01\x03", &long(entries.len())[..], &entries, &[0], &[7; 16]].concat();
        let block = |text: &[u8]| [&long(5)[..], &bytes_of(&pack(text)), &[7; 16]].concat();
        for content in [
            [&header[..], &block(&text)].concat(),
            [&sized[..], &block(&bytes(3000)), &block(&text), &block(&bytes(90_000))].concat(),
            [&header[..], &block(&text[..cut]), &block(&text[cut..])].concat(),
        ] {
            assert_eq!(ways(&content), [way], "{codec}");
        }
        let large = [&header[..], &long(5), &long(1 << 40), &text].concat();
        assert!(messages(&search(&large))[0].contains("a block has more than the limit"), "{codec}");
        let bomb = [&header[..], &block(&vec![0; (16 << 20) + 1])].concat();
        assert!(messages(&search(&bomb))[0].contains("a block has more than the limit"), "{codec}");
    }
    for content in
        [&b"Obj\x01"[..], b"Obj\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"Obj\x01\x02\xff\xff\xff\x7f"]
    {
        assert_eq!(ways(&[content, &text].concat()), [""]);
    }
}

/// A reader that gives few bytes at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = out.len().min(100);
        self.0.read(&mut out[..n])
    }
}

#[test]
fn the_bytes_at_hand_do_not_change_what_content_is_taken_for() {
    // The first chunk, if this were ORC, ends behind the bytes that decide.
    for len in [5760_u32, u32::try_from(START).unwrap() - 7, u32::try_from(START).unwrap() + 100] {
        let header = &(len << 1).to_le_bytes()[..3];
        let content = [b"ORC", header, &deflate(&text(&token("a"))), &vec![b'x'; 70_000]].concat();
        let (slow, _) =
            Unpacker::new(&Stop::default()).search(Origin::default(), &mut Window::new(Slow(&content)));
        let at_once = search(&content);
        assert_eq!((slow.occurrences, slow.problems), (at_once.occurrences, at_once.problems), "{len}");
    }
}
