use super::*;
use crate::stop::Stop;
use crate::stream::samples::bytes;
use crate::unpack::tests::{messages, token, way};
use crate::unpack::{Found, Origin, Unpacker};

mod disks;
mod tables;

/// Returns text that holds a token, with its pieces before it. So no format stores the token unchanged.
fn text(token: &str) -> Vec<u8> {
    let pieces: Vec<&[u8]> = token.as_bytes().chunks(9).collect();
    [&pieces.join(&b"\n"[..])[..], b"\nHF_TOKEN=", token.as_bytes(), b"\nand more, and more, and more\n"]
        .concat()
}

fn search(content: &[u8]) -> Found {
    let (found, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), &mut &*content);
    outcome.unwrap();
    found
}

fn ways(content: &[u8]) -> Vec<String> {
    let found = search(content);
    assert_eq!(messages(&found), [""; 0]);
    found.occurrences.iter().map(way).collect()
}

/// A block of LZF of literals and one reference each, so that no token is visible.
fn lzf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in text.chunks(9) {
        out.push(u8::try_from(piece.len() - 1).unwrap());
        out.extend_from_slice(piece);
    }
    out
}

fn len(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 0x7f {
        out.push(u8::try_from(number & 0x7f | 0x80).unwrap());
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
    out
}

#[test]
fn lzf_is_decoded_up_to_damage() {
    let (out, is_whole) = lz::lzf(b"\x02abc\x20\x02\xe0\x01\x00", 100);
    assert_eq!((&out[..], is_whole), (&b"abcabccccccccccc"[..], true));
    for broken in [&b"\x02ab"[..], b"\x02abc\x20", b"\x02abc\x20\x03", b"\x02abc\xe0", b"\x02abc\x20\x02\x05"]
    {
        assert!(!lz::lzf(broken, 100).1, "{broken:x?}");
    }
    assert!(!lz::lzf(&b"\x00a\xe0\xff\x00".repeat(99), 100).1);
}

#[test]
fn the_end_of_a_snappy_block_is_known_from_its_output() {
    for text in
        [&b"a"[..], &bytes(100), &bytes(70_000), &[7; 1000], &[b"abc".repeat(90), bytes(300)].concat()]
    {
        let block = snap::raw::Encoder::new().compress_vec(text).unwrap();
        assert_eq!(lz::snappy_len(&[&block[..], b"behind"].concat()), Some(block.len()));
        assert_eq!(lz::snappy_len(&block[..block.len() - 1]), None);
        assert_eq!(lz::snappy(&block, 70_000).as_deref(), Some(text));
        assert_eq!(lz::snappy(&block, text.len() as u64 - 1), None);
    }
    // A claim that cannot be true is not allocated.
    assert_eq!(lz::snappy(b"\xff\xff\xff\x07\0a", u64::MAX), None);
    assert_eq!(lz::lz4(b"\x10a", 1 << 30), None);
}

#[test]
fn strings_of_redis() {
    let text = [b"a value, a value, ".to_vec(), text(&token("a")), vec![b'.'; 9000]].concat();
    // Redis would reach less.
    let packed =
        [lzf(&text[..text.len() - 8500]), b"\xe0\xff\x00".repeat(30), b"\xe0\x07\0".to_vec()].concat();
    let (unpacked, is_whole) = lz::lzf(&packed, 1 << 20);
    assert!(is_whole);
    let string = |packed: &[u8], unpacked: usize| {
        let number = |n: usize| [&[0x80][..], &u32::try_from(n).unwrap().to_be_bytes()].concat();
        [&b"\xc3"[..], &number(packed.len()), &number(unpacked), packed].concat()
    };
    let string = string(&packed, unpacked.len().max(packed.len() + 4));
    let dump = [b"REDIS0011\xfa\x09redis-ver\x057.0.0\0\x03key", &string[..], b"\xff12345678"].concat();
    if unpacked.len() >= packed.len() + 4 {
        assert_eq!(ways(&dump), ["lzf"]);
    }
    assert_eq!(ways(&dump[9..]), [""; 0]);
}

#[test]
fn files_of_firefox() {
    let text = text(&token("a"));
    let block = lz4_flex::block::compress(&text);
    let content = [b"mozLz40\0", &u32::try_from(text.len()).unwrap().to_le_bytes()[..], &block].concat();
    assert_eq!(ways(&content), ["lz4"]);
    let large = [b"mozLz40\0".as_slice(), &[0xff; 4], &block].concat();
    let said = messages(&search(&large));
    assert!(said.len() == 1 && said[0].starts_with("Error lz4: an lz4 block has more"), "{said:?}");
}

/// A page: its header in Thrift, and its data.
fn page(kind: usize, len_: usize, details: &[u8], data: &[u8]) -> Vec<u8> {
    let number = |n: usize| len(n * 2);
    let field = match kind {
        0 => 0x2c,
        2 => 0x4c,
        _ => 0x5c,
    };
    let sizes = [&b"\x15"[..], &number(kind), b"\x15", &number(len_), b"\x15", &number(data.len())].concat();
    [&sizes[..], &[field], details, &[0, 0], data].concat()
}

#[test]
fn pages_of_parquet() {
    let text = text(&token("a"));
    let hadoop = |text: &[u8]| {
        let block = lz4_flex::block::compress(text);
        let sizes = [text.len(), block.len()].map(|size| u32::try_from(size).unwrap().to_be_bytes());
        [&sizes.concat(), &block[..]].concat()
    };
    let plain = b"\x15\x0a\x15\0\x15\x06\x15\x06".as_slice();
    // Number of values, nulls and rows, encoding, the sizes of both kinds of levels, and statistics.
    let second = b"\x15\x0a\x15\0\x15\x0a\x15\0\x15\x06\x15\x04\x2c\x18\x01a\0".as_slice();
    let behind = [b"lvl12".to_vec(), snappy(&text)].concat();
    for (page, way) in [
        (page(0, text.len(), plain, &snappy(&text)), "snappy"),
        (page(2, text.len(), b"\x15\x0a\x15\0", &snappy(&text)), "snappy"),
        (page(3, text.len() + 5, second, &behind), "snappy"),
        (page(0, text.len(), plain, &lz4_flex::block::compress(&text)), "lz4"),
        (page(0, text.len(), plain, &hadoop(&text)), "lz4"),
        (page(0, text.len(), plain, &zstd::encode_all(&text[..], 3).unwrap()), "zstd"),
        (page(0, text.len(), plain, &brotli(&text)), "brotli"),
        (page(0, text.len(), plain, &text), ""),
    ] {
        for before in [vec![], vec![0x15; 5000], bytes(5000)] {
            let content = [b"PAR1", &before[..], &page, &page[..20], b"PAR1"].concat();
            assert_eq!(ways(&content), [way]);
        }
        assert!(ways(&page).iter().all(|found| found == "zstd" || found.is_empty()));
    }
}

/// A log of records, split as `LevelDB` splits them.
fn log(front: &[u8], records: &[&[u8]], sum: impl Fn(u8, &[u8]) -> u32) -> Vec<u8> {
    let mut log = front.to_vec();
    for record in records {
        let mut rest = *record;
        let mut is_first = true;
        loop {
            let room = 32 * 1024 - log.len() % (32 * 1024);
            if room < 7 {
                log.extend(vec![0; room]);
                continue;
            }
            let (part, behind) = rest.split_at(rest.len().min(room - 7));
            let kind = match (is_first, behind.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            log.extend(sum(kind, part).to_le_bytes());
            log.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
            log.push(kind);
            log.extend(part);
            (rest, is_first) = (behind, false);
            if rest.is_empty() {
                break;
            }
        }
    }
    log
}

fn sum_of(kind: u8, data: &[u8]) -> u32 {
    leveldb::masked_sum(kind, data)
}

#[test]
fn records_that_blocks_cut() {
    let token = token("a");
    for cut in 1..token.len() - 1 {
        let record = |front: usize| {
            let before = vec![b'.'; 32 * 1024 - front - 7 - 7 - 3 - cut];
            [&before[..], b" ", token.as_bytes(), b" more"].concat()
        };
        let plain = log(b"", &[b"ab", &record(1)], sum_of);
        assert_eq!(ways(&plain), ["leveldb"], "{cut}");
        let wandb = log(b":W&B\xe1\xbe\0", &[b"ab", &record(8)], |_, _| 7);
        assert_eq!(ways(&wandb), ["leveldb"], "{cut}");
    }
    // A token that is not cut is seen in the file's own bytes. Other bytes follow it.
    let content = [log(b"", &[b"ab", token.as_bytes()], sum_of), b"####".repeat(90)].concat();
    assert_eq!(ways(&content), [""]);
    let hidden = log(b"", &[&bytes(40_000)], sum_of);
    assert_eq!(ways(&hidden), [""; 0]);
}

#[test]
fn blocks_of_tables() {
    let text = text(&token("a"));
    let mut table = Vec::new();
    let mut handles = Vec::new();
    let mut add = |block: &[u8], kind: u8| {
        let at = table.len();
        table.extend(block);
        table.push(kind);
        table.extend(leveldb::masked_sum_behind(block, kind).to_le_bytes());
        (at, block.len())
    };
    // An entry whose key shares nothing, with its sizes.
    let first = [b"\0\x01\x7fk", &bytes(900)[..]].concat();
    for block in [&first[..], &text, &bytes(900)] {
        handles.push(add(&snappy(block), 1));
        handles.push(add(b"some bytes without compression", 0));
    }
    let entry = |&(at, size): &(usize, usize)| {
        let value = [len(at), len(size)].concat();
        [&b"\0\x01"[..], &len(value.len()), b"k", &value].concat()
    };
    let mut index: Vec<u8> = handles.iter().flat_map(entry).collect();
    index.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    let index = add(&snappy(&index), 1);
    let mut footer = [len(0), len(0), len(index.0), len(index.1)].concat();
    footer.resize(40, 0);
    table.extend(footer);
    table.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    assert_eq!(ways(&table), ["snappy"]);
    // Without the index, up to the first block that is not compressed.
    assert_eq!(ways(&[&snappy(&text)[..], &table[table.len() - 48..]].concat()), [""; 0]);
    let at_first = [vec![0], table].concat();
    assert_eq!(ways(&at_first), [""; 0]);
}

fn snappy(text: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(text).unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, text).unwrap();
    encoder.finish().unwrap()
}

/// Returns a stream of Brotli (RFC 7932) of short blocks without compression, so that no token is visible.
fn brotli(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, piece) in text.chunks(9).enumerate() {
        // The first header has one bit more, for the size of the window.
        let bits = if n == 0 { 4 } else { 3 };
        let header = (u32::try_from(piece.len()).unwrap() - 1) << bits | 1 << (bits + 16);
        out.extend(&header.to_le_bytes()[..3]);
        out.extend(piece);
    }
    out.push(3);
    out
}

fn named(path: &str, content: &[u8]) -> (Vec<String>, Vec<String>) {
    let origin = Origin { path: path.as_bytes(), ..Origin::default() };
    let (found, outcome) = Unpacker::new(&Stop::default()).search(origin, &mut &*content);
    outcome.unwrap();
    (found.occurrences.iter().map(way).collect(), messages(&found))
}

#[test]
fn what_only_a_name_tells() {
    let text = text(&token("a"));
    let long = [bytes(300_000), text.clone()].concat();
    for (path, content, way) in [
        ("srv/index.html.br", brotli(&text), "brotli"),
        ("srv/INDEX.BR", brotli(&long), "brotli"),
        ("srv/data.snappy", snappy(&text), "snappy"),
        ("srv/data.sz", snappy(&text), "snappy"),
    ] {
        assert_eq!(named(path, &content), (vec![way.to_owned()], vec![]), "{path}");
        assert_eq!(named("srv/data.bin", &content).0, [""; 0], "{path}");
        let tar = crate::stream::samples::tar_of(path, &content);
        assert_eq!(named("a.tar", &tar).0, [format!("tar:{path} > {way}")]);
    }
    // Content of another format is read in that format.
    let gzip = crate::stream::samples::part(Compression::Gzip, &text);
    for path in ["a.br", "a.snappy"] {
        assert_eq!(named(path, &gzip).0, ["gzip"]);
        assert_eq!(named(path, &text), (vec![String::new()], vec![]));
        assert_eq!(named(path, &[&b"some text before "[..], &gzip].concat()).0.len(), 1);
        assert_eq!(named(path, &bytes(9000)), (vec![], vec![]));
        assert_eq!(named(path, b""), (vec![], vec![]));
    }
    // The window of a large stream is not allocated by its claim.
    assert_eq!(named("a.br", &[&[0x11, 0xfe][..], &bytes(9000)].concat()).0, [""; 0]);
}

#[test]
fn framed_snappy_stands_anywhere() {
    let text = text(&token("a"));
    let stream = crate::stream::samples::part(Compression::Snappy, &text);
    let half = stream.len();
    for before in [&b""[..], b"before", &bytes(70_000)] {
        let gzip = crate::stream::samples::part(Compression::Gzip, &text);
        assert_eq!(ways(&[before, &stream, b"behind"].concat()), ["snappy"]);
        assert_eq!(ways(&[before, &stream, &gzip].concat()), ["snappy", "gzip"]);
        assert_eq!(ways(&[before, b"\xff\x06\0\0sNaPpY", b"behind"].concat()), [""; 0]);
    }
    let cut = text.windows(9).position(|w| w == b"HF_TOKEN=").unwrap() + 20;
    let part = |text| crate::stream::samples::part(Compression::Snappy, text);
    assert_eq!(ways(&[part(&text[..cut]), part(&text[cut..])].concat()), ["snappy"]);
    let long = part(&[&text[..], &bytes(200_000)].concat());
    assert!(search(&long[..long.len() - 9]).occurrences.len() == 1 && half > 10);
}

#[test]
fn blocks_of_hadoop() {
    let text = text(&token("a"));
    let size = |len: usize| u32::try_from(len).unwrap().to_be_bytes();
    let block = |text: &[u8]| [&size(snappy(text).len())[..], &snappy(text)].concat();
    let long = [bytes(60_000), text.clone()].concat();
    for text in [&text, &long] {
        let (front, back) = text.split_at(text.len() - 60);
        let one = [&size(text.len())[..], &block(text)].concat();
        let two = [&size(text.len())[..], &block(front), &block(back)].concat();
        let own = [&size(front.len())[..], &block(front), &size(back.len()), &block(back)].concat();
        for content in [one, two, own] {
            let found = ways(&content);
            assert!(found.len() == 1 && ["snappy", ""].contains(&found[0].as_str()), "{found:?}");
        }
    }
    for silent in [&[0, 0, 0, 9, 0, 0, 0, 3, 1, 2, 3][..], &[0, 1, 0, 0, 0, 0, 0, 9], &[0; 9000]] {
        assert_eq!(ways(silent), [""; 0]);
    }
}

/// A chunk of ORC: its header, and its data.
fn chunk(data: &[u8], is_original: bool) -> Vec<u8> {
    let header = u32::try_from(data.len()).unwrap() << 1 | u32::from(is_original);
    [&header.to_le_bytes()[..3], data].concat()
}
