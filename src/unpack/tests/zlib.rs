//! Zlib streams, which have no magic number, and the limit on trials that fail.

use super::*;
use crate::stream::Compression;
use crate::stream::samples::{bytes, part};

fn zlib(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Returns random bytes.
fn noise(len: usize) -> Vec<u8> {
    let next =
        |x: &u64| Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(1), next).map(|x| x.to_be_bytes()[0]).take(len).collect()
}

fn search(content: &[u8]) -> (Found, (u64, u64)) {
    let mut unpacker = Unpacker::new(&Stop::default());
    let (found, outcome) = unpacker.search(Origin::default(), &mut &*content);
    outcome.unwrap();
    (found, unpacker.probes.counted)
}

#[test]
fn streams_of_every_level_are_found_anywhere() {
    let (text, short) = (text(&token("a")), [b"a token: ".repeat(4), token("a").into_bytes()].concat());
    for level in [0, 1, 3, 6, 9] {
        for text in [&text, &short] {
            let stream = zlib(text, level);
            for content in [
                stream.clone(),
                [&stream[..], b"behind"].concat(),
                [b"%PDF-1.7\nstream\n", &stream[..], b"\nendstream"].concat(),
                [&vec![0; 100_000][..], &stream, &[7; 3000]].concat(),
                [b"x\x9cx\x01x^x\xdax\xda\x05".repeat(90), stream.clone()].concat(),
            ] {
                let found = ways(&content);
                // The blocks of the lowest level are not compressed.
                let expected = if level == 0 { "" } else { "zlib" };
                assert_eq!(found, [expected], "{level}, {} bytes", text.len());
            }
        }
    }
}

#[test]
fn the_bytes_at_hand_decide_nothing() {
    use crate::unpack::format::{Format, HEAD};

    let mut stream = zlib(&noise(3000), 6);
    *stream.last_mut().unwrap() ^= 1;
    let format = |head: &[u8]| {
        let mut probes = super::super::probes::Probes::new();
        probes.grant();
        Format::inside(head, &mut probes)
    };
    assert!(format(&stream).is_some() && stream.len() > HEAD);
    for len in [HEAD, HEAD + 1, 2000] {
        assert_eq!(format(&stream), format(&stream[..len]), "{len}");
    }
}

#[test]
fn streams_in_a_row_are_one_content() {
    let text = text(&token("a"));
    let middle = text.windows(9).position(|w| w == b"HF_TOKEN=").unwrap() + 20;
    for level in [1, 6, 9] {
        let halves = [zlib(&text[..middle], level), zlib(&text[middle..], level)].concat();
        assert_eq!(ways(&[b"data: ", &halves[..]].concat()), ["zlib"]);
    }
}

#[test]
fn damaged_streams_are_searched_as_far_as_they_decode() {
    let long = [bytes(5000), text(&token("a")), noise(3000)].concat();
    let short = [b"some words ".repeat(3), token("a").into_bytes(), b" and more words".to_vec()].concat();
    for (text, cut) in [(&long, 1500), (&long, 1), (&short, 1), (&short, 4), (&short, 12)] {
        let stream = zlib(text, 6);
        let mut wrong = stream.clone();
        *wrong.last_mut().unwrap() ^= 1;
        for content in [&stream[..stream.len() - cut], &wrong] {
            let inside = [b"before ", content, b"\xff\xff\xff behind"].concat();
            let (found, _) = search(&inside);
            assert_eq!(found.occurrences.iter().map(way).collect::<Vec<_>>(), ["zlib"], "{cut}");
            assert_eq!(found.problems, []);
        }
    }
}

#[test]
fn a_gzip_member_with_a_wrong_checksum_is_searched_wherever_it_stands() {
    for text in [text(&token("a")), [b"short: ".repeat(3), token("a").into_bytes()].concat()] {
        let mut member = gzip(&text);
        let at = member.len() - 8;
        member[at] ^= 1;
        for content in [member.clone(), [b"before", &member[..], b"behind"].concat()] {
            let (found, _) = search(&content);
            assert_eq!(found.occurrences.iter().map(way).collect::<Vec<_>>(), ["gzip"]);
        }
    }
}

/// Counts work, not time: with a decoder for each place, some of these took twenty seconds for each MiB.
#[test]
fn the_work_of_failed_trials_is_limited() {
    let broken = |compression, keep: usize| {
        let mut stream = part(compression, &bytes(3000));
        stream.truncate(keep);
        [&stream[..], &[0xff; 9]].concat()
    };
    let limit = 9 * 8192;
    for (unit, is_limited) in [
        (b"BZh91AY&SY".to_vec(), false),
        (b"\x28\xb5\x2f\xfd".to_vec(), false),
        (b"\x28\xb5\x2f\xfd\x24\x40".to_vec(), false),
        (b"LZIP\x01\x0c".to_vec(), false),
        (b"LZIP\x01\x0c\0".to_vec(), true),
        (b"\x1f\x8b\x08\0".to_vec(), false),
        (b"x\x9c\x03".to_vec(), true),
        (broken(Compression::Bzip2, 200), true),
        (broken(Compression::Zstd, 40), true),
        (broken(Compression::Zlib, 40), true),
        (broken(Compression::Gzip, 60), true),
    ] {
        let content = unit.repeat((1 << 20) / unit.len());
        let (found, (tried, units)) = search(&content);
        let shown = unit[..unit.len().min(12)].escape_ascii();
        assert!(units <= limit && tried <= limit, "{shown}: {tried} trials, {units} units");
        let said = messages(&found);
        if !is_limited {
            // The last ones are cut by the end of the content.
            assert!(tried <= 9 && said.is_empty(), "{shown}: {tried} trials, {said:?}");
        } else if tried > 0 && units + 300 > limit {
            let errors: Vec<_> = said.iter().filter(|said| said.starts_with("Error")).collect();
            assert_eq!(errors.len(), 1, "{shown}: {said:?}");
            assert!(errors[0].starts_with("Error : too many places"), "{said:?}");
        }
    }
}

#[test]
fn random_bytes_need_few_trials() {
    let (found, (tried, units)) = search(&noise(4 << 20));
    assert!(tried < 4 * 64 && units < 4 * 64, "{tried} trials, {units} units");
    assert!(found.occurrences.is_empty() && found.problems.is_empty(), "{:?}", messages(&found));
}

/// Returns a stream with a window of 2 to the power of `bits`.
fn windowed(data: &[u8], level: u32, bits: u8) -> Vec<u8> {
    let mut state = flate2::Compress::new_with_window_bits(flate2::Compression::new(level), true, bits);
    let mut stream = Vec::with_capacity(data.len() + 1000);
    state.compress_vec(data, &mut stream, flate2::FlushCompress::Finish).unwrap();
    assert_eq!(stream[0], (bits - 8) << 4 | 8);
    stream
}

#[test]
fn streams_with_small_windows_are_found_at_the_start() {
    let long = [bytes(90_000), text(&token("a"))].concat();
    for text in [&text(&token("a")), &long] {
        for (level, bits) in [1, 6, 9].into_iter().flat_map(|level| (9..=15).map(move |bits| (level, bits))) {
            let stream = windowed(text, level, bits);
            assert_eq!(ways(&stream), ["zlib"], "{level} {bits}");
            assert_eq!(ways(&[&stream[..], b"behind"].concat()), ["zlib"], "{level} {bits}");
        }
    }
}

#[test]
fn streams_with_small_windows_are_found_in_the_formats_that_have_them() {
    let text = text(&token("a"));
    let middle = text.windows(9).position(|w| w == b"HF_TOKEN=").unwrap() + 20;
    for (level, bits) in [1, 6, 9].into_iter().flat_map(|level| (9..=14).map(move |bits| (level, bits))) {
        let stream = windowed(&text, level, bits);
        let halves =
            [windowed(&text[..middle], level, bits), windowed(&text[middle..], level, bits)].concat();
        for content in [
            [b"%PDF-1.4\n<< /Filter /FlateDecode >>\nstream\r\n", &stream[..], b"\nendstream"].concat(),
            [b"\x89PNG\r\n\x1a\n\0\0\0\0zTXtComment\0\0", &stream[..], b"\0\0\0\0"].concat(),
            [b"hsqs", &noise(5000)[..], &stream, &noise(5000)].concat(),
            [b"hsqs", &noise(92)[..], &halves].concat(),
        ] {
            assert_eq!(ways(&content), ["zlib"], "{level} {bits}");
        }
    }
    let (found, (tried, units)) = search(&[b"%PDF-1.4\n", &noise(4 << 20)[..]].concat());
    assert!(tried < 4 * 256 && units < 4 * 256, "{tried} trials, {units} units");
    assert!(found.occurrences.is_empty() && found.problems.is_empty(), "{:?}", messages(&found));
}

/// Counts work, not time: each header was once looked for up to the end of what was at hand, which is all of it for
/// content in memory.
#[test]
fn headers_of_gzip_end_within_a_few_bytes_or_not_at_all() {
    use base64::Engine as _;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    for magic in [&b"\x1f\x8b\x08"[..], b"\x1f\x8b\x08\x08", b"\x1f\x8b\x08\x04", b"\x1f\x8b\x08\x10"] {
        let raw = magic.repeat(12_000 / magic.len());
        let base64 = base64::engine::general_purpose::STANDARD.encode(&raw);
        for content in [raw.clone(), base64.into_bytes(), hex(&raw).into_bytes()] {
            let mut unpacker = Unpacker::new(&Stop::default());
            let (found, outcome) = unpacker.search(Origin::default(), &mut &*content);
            outcome.unwrap();
            assert_eq!(found.occurrences, []);
            let (places, most) = (raw.len() / magic.len() + 1, crate::unpack::format::HEAD);
            let headers = unpacker.probes.headers;
            assert!(headers > 0 && headers <= places * most, "{magic:x?}: {headers} bytes");
        }
    }
}
