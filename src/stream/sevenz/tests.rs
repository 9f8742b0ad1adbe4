use crate::fault::is_limit;
use std::io::Cursor;

use proptest::prelude::*;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderConfiguration};

use super::*;
use crate::stream::samples;

const LIMIT: u64 = 128 << 20;

/// Returns an archive with these methods: a solid block of two files, a block of one file, an empty file and
/// a directory.
fn archive(methods: &[EncoderMethod], data: &[u8]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(methods.iter().copied().map(EncoderConfiguration::new).collect());
    let entries = vec![ArchiveEntry::new_file("a/one"), ArchiveEntry::new_file("two")];
    writer.push_archive_entries(entries, vec![(&b"first"[..]).into(), data.into()]).unwrap();
    writer.push_archive_entry(ArchiveEntry::new_file("three"), Some(&b"third"[..])).unwrap();
    writer.push_archive_entry::<&[u8]>(ArchiveEntry::new_file("none"), None).unwrap();
    writer.push_archive_entry::<&[u8]>(ArchiveEntry::new_directory("a"), None).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Names and bytes.
type Found = Vec<(String, Vec<u8>)>;

fn read(archive: &[u8], limit: u64) -> (Found, io::Result<()>) {
    let mut found = Vec::new();
    let outcome = entries(archive, limit, &mut |name, bytes| {
        let mut all = Vec::new();
        let outcome = bytes.read_to_end(&mut all).map(|_| ());
        found.push((name.to_owned(), all));
        outcome
    });
    (found, outcome)
}

/// Returns an archive with the given header and valid checksums.
fn with_header(archive: &[u8], header: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    Spliced::new(archive, header).read_to_end(&mut all).unwrap();
    all
}

/// Returns an archive of one file of four bytes, stored by one coder. `coder` holds the flags, the id and
/// the properties.
fn one_coder(coder: &[u8]) -> Vec<u8> {
    let start = [&[1, 4, 6, 0, 1, 9, 4, 0, 7, 0x0b, 1, 0, 1][..], coder].concat();
    let header = [&start[..], &[0x0c, 4, 0, 8, 0, 0], &[5, 1, 0x11, 5, 0, b'n', 0, 0, 0, 0, 0]].concat();
    with_header(&[&[0; START][..], b"data"].concat(), &header)
}

#[test]
fn entries_of_every_method() {
    let data = samples::bytes(300_000);
    for methods in [
        &[EncoderMethod::COPY][..],
        &[EncoderMethod::LZMA],
        &[EncoderMethod::LZMA2],
        &[EncoderMethod::BZIP2],
        &[EncoderMethod::PPMD],
        &[EncoderMethod::DEFLATE],
        &[EncoderMethod::LZ4],
        &[EncoderMethod::BCJ_X86_FILTER, EncoderMethod::LZMA2],
        &[EncoderMethod::DELTA_FILTER, EncoderMethod::LZMA],
    ] {
        let (found, outcome) = read(&archive(methods, &data), LIMIT);
        assert!(outcome.is_ok(), "{methods:?}: {outcome:?}");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a/one", "two", "three", "none", "a"]);
        assert_eq!(found[0].1, b"first");
        assert!(found[1].1 == data);
        assert_eq!(found[2].1, b"third");
    }
    let (found, outcome) = read(&one_coder(&[1, 0]), LIMIT);
    outcome.unwrap();
    assert_eq!(found, [("n".to_owned(), b"data".to_vec())]);
}

#[test]
fn an_archive_of_nothing() {
    let empty = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap().finish().unwrap().into_inner();
    let (found, outcome) = read(&empty, LIMIT);
    outcome.unwrap();
    assert!(found.is_empty());
}

#[test]
fn memory_is_bounded_before_it_is_taken() {
    for coder in [
        // LZMA with 256 MiB, LZMA2 with 192 MiB and 4 GiB, PPMd with 3 GiB.
        &[0x23, 3, 1, 1, 5, 0x5d, 0, 0, 0, 16][..],
        &[0x21, 0x21, 1, 31],
        &[0x21, 0x21, 1, 40],
        &[0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0xc0],
    ] {
        let (_, outcome) = read(&one_coder(coder), LIMIT);
        let error = outcome.unwrap_err();
        assert!(is_limit(&error), "{error}");
        assert!(error.to_string().contains("more than the limit of 128 MiB"), "{error}");
    }
    // 64 MiB is within one limit and above another.
    let lzma2 = one_coder(&[0x21, 0x21, 1, 28]);
    assert!(!is_limit(&read(&lzma2, LIMIT).1.unwrap_err()));
    assert!(is_limit(&read(&lzma2, LIMIT / 4).1.unwrap_err()));
}

#[test]
fn a_header_that_claims_much_costs_little() {
    // The header announces `count` files, none with bytes or a name.
    let files = |len: usize, count: u32| {
        let mut header = vec![1, 5, 0xe0 | u8::try_from(count >> 24).unwrap()];
        header.extend(&count.to_le_bytes()[..3]);
        header.resize(len, 0x19);
        with_header(&[0; START], &header)
    };
    for (len, count) in [(100, 1 << 27), (500_000, 499_000), (500_000, 1 << 24)] {
        assert!(read(&files(len, count), LIMIT).1.is_err());
    }
    let error = read(&files(600_000, 1), LIMIT).1.unwrap_err();
    assert!(is_limit(&error), "{error}");
    // The cost of a file: its entry, its name, and its place in four tables.
    assert!(std::mem::size_of::<ArchiveEntry>() as u64 + 64 <= HEADER_COST);
}

#[test]
fn an_encoded_header_without_a_block_is_an_error() {
    let plain = archive(&[EncoderMethod::COPY], b"data");
    for header in [&[0x17, 0][..], &[0x17, 0, 0], &[0x17, 6, 0, 0, 0, 0]] {
        let (found, outcome) = read(&with_header(&plain, header), MAX_WINDOW);
        assert!(found.is_empty() && outcome.is_err(), "{header:?}: {found:?}");
    }
}

#[test]
fn an_encrypted_archive_is_told_apart() {
    let aes = one_coder(&[0x24, 6, 0xf1, 7, 1, 2, 0x53, 7]);
    let (found, outcome) = read(&aes, LIMIT);
    assert!(found.is_empty());
    assert!(is_encrypted(&outcome.unwrap_err()));
    let unknown = read(&one_coder(&[4, 9, 9, 9, 9]), LIMIT).1.unwrap_err();
    assert_eq!(unknown.kind(), io::ErrorKind::Unsupported);
    assert!(!is_encrypted(&unknown));
}

#[test]
fn a_method_that_is_not_read_is_told_apart() {
    // Deflate64.
    let (_, outcome) = read(&one_coder(&[3, 4, 1, 9]), LIMIT);
    assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::Unsupported);
}

#[test]
fn a_broken_block_leaves_the_others() {
    let data = samples::bytes(5000);
    let mut broken = archive(&[EncoderMethod::LZMA2], &data);
    broken[300] ^= 1;
    let (found, outcome) = read(&broken, LIMIT);
    assert_eq!(outcome.unwrap_err().to_string(), "the 7z archive is corrupt");
    assert!(found.contains(&("three".to_owned(), b"third".to_vec())));
    // An error of the caller ends the walk.
    let mut seen = 0;
    let outcome = entries(&archive(&[EncoderMethod::LZMA2], &data), LIMIT, &mut |_, _| {
        seen += 1;
        Err(io::Error::other("enough"))
    });
    assert_eq!((outcome.unwrap_err().to_string(), seen), ("enough".to_owned(), 1));
}

#[test]
fn what_is_cut_or_flipped_is_an_error() {
    let whole = archive(&[EncoderMethod::LZMA], &samples::bytes(100));
    let (found, outcome) = read(&whole, LIMIT);
    outcome.unwrap();
    for len in 0..whole.len() {
        assert!(read(&whole[..len], LIMIT).1.is_err(), "{len}");
    }
    for at in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let (read, outcome) = read(&flipped, LIMIT);
        assert!(outcome.is_err() || read == found, "bit {at}");
    }
}

proptest! {
    /// The headers have valid checksums, as an attacker would write them.
    #[test]
    fn any_header_is_read_without_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        packed in any::<bool>(),
    ) {
        let whole = archive(&[EncoderMethod::LZMA2], b"second");
        let mut header = stored_header(&whole).unwrap().to_vec();
        if !packed {
            header = plain_header(&whole, &header, LIMIT).unwrap().into_owned();
        }
        for (at, byte) in flips {
            let at = at.index(header.len());
            header[at] = byte;
        }
        drop(read(&with_header(&whole, &header), LIMIT));
    }
}
