use super::*;
use crate::stop::Stop;
use crate::stream::samples::bytes;
use crate::unpack::tests::{messages, token, way};
use crate::unpack::{Found, Origin, Unpacker};

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
    let snappy = |text: &[u8]| snap::raw::Encoder::new().compress_vec(text).unwrap();
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
    let snappy = |text: &[u8]| snap::raw::Encoder::new().compress_vec(text).unwrap();
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

#[test]
fn a_known_checksum() {
    // RFC 3720, appendix B.4.
    assert_eq!(!leveldb::crc32c(!0, &[0; 32]), 0x8a91_36aa);
    assert_eq!(!leveldb::crc32c(!0, b"123456789"), 0xe306_9283);
}
