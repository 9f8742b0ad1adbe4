use crate::detect::tests::labels;
use crate::finding::Problem;
use crate::stop::Stop;
use crate::stream::samples::tar_of;
use std::io::Write as _;

use super::limits::Limits;
use super::*;

mod broken;
mod lies;
mod made_up;
mod zlib;

/// Returns a token that is unique to the name.
pub(super) fn token(name: &str) -> String {
    use sha2::Digest as _;
    let bytes: Vec<u8> =
        (0..2_u8).flat_map(|i| sha2::Sha256::digest([name.as_bytes(), &[i]].concat())).collect();
    let letters = bytes.iter().take(34).map(|b| char::from(b % 26 + if b & 128 == 0 { b'a' } else { b'A' }));
    format!("hf{}{}", '_', letters.collect::<String>())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A zip member: local header and data.
fn member(name: &str, method: u16, flags: u16, claimed: u32, data: &[u8]) -> Vec<u8> {
    let mut header = b"PK\x03\x04\x14\0".to_vec();
    header.extend(flags.to_le_bytes());
    header.extend(method.to_le_bytes());
    header.extend([0; 8]);
    header.extend(claimed.to_le_bytes());
    header.extend(0_u32.to_le_bytes());
    header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    header.extend([0; 2]);
    [&header, name.as_bytes(), data].concat()
}

pub(super) fn deflated(name: &str, data: &[u8]) -> Vec<u8> {
    let data = deflate(data);
    member(name, 8, 0, u32::try_from(data.len()).unwrap(), &data)
}

fn stored(name: &str, data: &[u8]) -> Vec<u8> {
    member(name, 0, 0, u32::try_from(data.len()).unwrap(), data)
}

/// Returns text that holds a token, with other letters around it so that the token is not visible in
/// compressed form.
pub(super) fn text(token: &str) -> Vec<u8> {
    let filler: String = (0..200).fold(String::new(), |text, i| {
        text + &format!("line {i} of the text, and {} more\n", i * 7919 % 1000)
    });
    format!("{filler}HF_TOKEN={token}\n{filler}").into_bytes()
}

fn with(mut unpacker: Unpacker, content: &[u8]) -> Found {
    let (found, outcome) = unpacker.search(Origin::default(), &mut &*content);
    outcome.unwrap();
    found
}

/// Returns the steps to each occurrence, joined with ` > `.
fn ways(content: &[u8]) -> Vec<String> {
    let found = with(Unpacker::new(&Stop::default()), content);
    assert_eq!(found.problems, [], "no problem is expected");
    found.occurrences.iter().map(way).collect()
}

pub(super) fn way(occurrence: &crate::detect::Occurrence) -> String {
    labels(&occurrence.via).join(" > ")
}

pub(super) fn messages(found: &Found) -> Vec<String> {
    let line = |problem: &Problem| {
        format!("{:?} {}: {}", problem.effect, labels(&problem.via).join(" > "), problem.detail)
    };
    found.problems.iter().map(line).collect()
}

#[test]
fn each_container_is_opened() {
    let text = text(&token("a"));
    for (content, way) in [
        (gzip(&text), "gzip"),
        (deflated("a/b.txt", &text), "zip:a/b.txt"),
        (tar_of("x", &gzip(&text)), "tar:x > gzip"),
        (gzip(&tar_of("x", &text)), "gzip > tar:x"),
        (deflated("a.tgz", &gzip(&tar_of("x", &text))), "zip:a.tgz > gzip > tar:x"),
        (stored("a.gz", &gzip(&text)), "zip:a.gz > gzip"),
        (gzip(&gzip(&gzip(&text))), "gzip > gzip > gzip"),
    ] {
        let plain = way.ends_with("tar:x");
        let expected = if plain { way.trim_end_matches(" > tar:x") } else { way };
        assert_eq!(ways(&content), [expected], "{way}");
    }
}

#[test]
fn a_container_may_stand_anywhere() {
    let text = text(&token("a"));
    for (content, way) in [(gzip(&text), "gzip"), (deflated("n", &text), "zip:n")] {
        for before in [
            &b"#!/bin/sh\nexec python \"$0\"\n"[..],
            &vec![0; 100_000],
            b"\x1f\x8b\x08\0PK\x03\x04\x1f\x8b\x08",
        ] {
            let found = with(Unpacker::new(&Stop::default()), &[before, &content, b"behind"].concat());
            assert_eq!(found.occurrences.iter().map(super::tests::way).collect::<Vec<_>>(), [way]);
        }
    }
    let two = [gzip(&text), vec![7; 3000], deflated("n", b"nothing"), deflated("m", &text)].concat();
    assert_eq!(ways(&two), ["gzip", "zip:m"]);
}

#[test]
fn offsets_count_in_the_innermost_content() {
    let token = token("a");
    let content = gzip(format!("a\nbc {token}\n").as_bytes());
    let found = with(Unpacker::new(&Stop::default()), &[b"some bytes".to_vec(), content].concat());
    let occurrence = &found.occurrences[0];
    assert_eq!(occurrence.offset, 5);
    let position = occurrence.position.unwrap();
    assert_eq!((position.line, position.column), (2, 4));
}

#[test]
fn a_token_across_two_members_is_found() {
    let text = text(&token("a"));
    let cut = text.len() / 2 - 5;
    let (head, tail) = text.split_at(cut);
    assert_eq!(ways(&[gzip(head), gzip(tail)].concat()), ["gzip"]);
}

#[test]
fn a_token_that_is_seen_twice_is_listed_once_and_plainly() {
    let token = token("a");
    let plain = format!("x\n{token}\n");
    assert_eq!(ways(&stored("x", plain.as_bytes())), [""]);
    assert_eq!(ways(&tar_of("x", plain.as_bytes())), [""]);
    let both = [stored("x", plain.as_bytes()), deflated("y", &text(&token))].concat();
    assert_eq!(ways(&both), ["", "zip:y"]);
    let tar = tar_of("x", &stored("x", &[plain.as_bytes(), &gzip(&text(&token))].concat()));
    assert_eq!(ways(&tar), ["", "tar:x > zip:x > gzip"]);
}

#[test]
fn borders_of_members_glue_nothing_to_a_token() {
    let token = token("a");
    let content = [stored("name", token.as_bytes()), stored("name", token.as_bytes())].concat();
    assert_eq!(with(Unpacker::new(&Stop::default()), &content).occurrences.len(), 2);
    // The content is so large that only its edges are searched again.
    for front in [true, false] {
        let filler = vec![b'-'; 2_000_000];
        let data =
            if front { [token.as_bytes(), &filler].concat() } else { [&filler, token.as_bytes()].concat() };
        let content = [stored("name", &data), stored("name", b"x")].concat();
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert_eq!(found.occurrences.len(), 1, "{front}");
    }
}

#[test]
fn sizes_of_zip_members_are_not_believed() {
    let text = text(&token("a"));
    let data = deflate(&text);
    for (flags, claimed) in [(0, 3), (0, u32::MAX), (8, 0), (0x808, 7)] {
        let content = [member("n", 8, flags, claimed, &data), deflated("m", &text)].concat();
        assert_eq!(ways(&content), ["zip:n", "zip:m"], "{flags} {claimed}");
    }
    for claimed in [0, 1, u32::MAX] {
        let content = [member("n", 0, 0, claimed, b"stored"), deflated("m", &text)].concat();
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert!(way(&found.occurrences[0]).ends_with("zip:m"), "{claimed}");
    }
}

#[test]
fn what_breaks_off_is_a_note_and_what_came_before_is_searched() {
    let content = gzip(
        &[text(&token("a")), (0..200_000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect()].concat(),
    );
    let found = with(Unpacker::new(&Stop::default()), &content[..content.len() - 100]);
    assert_eq!(found.occurrences.len(), 1);
    let said = "Note gzip: the gzip stream ends early inside a member; what could be decoded was searched";
    assert_eq!(messages(&found), [said]);
    let encrypted = with(Unpacker::new(&Stop::default()), &member("n", 8, 1, 4, b"data"));
    assert_eq!(messages(&encrypted), ["Note zip: some of its members are encrypted"]);
    let unread = with(Unpacker::new(&Stop::default()), &member("n", 9, 0, 4, b"data"));
    assert_eq!(messages(&unread), ["Error zip: a member is compressed by method 9, which is not supported"]);
}

#[test]
fn limits_are_named_and_hide_nothing_above_them() {
    let text = text(&token("a"));
    let deep = |n: u32| (0..n).fold(text.clone(), |inner, _| gzip(&inner));
    assert_eq!(ways(&deep(16)).len(), 1);
    let found = with(Unpacker::new(&Stop::default()), &deep(17));
    assert_eq!(found.occurrences.len(), 0);
    assert!(messages(&found)[0].contains("Error"), "{:?}", messages(&found));
    assert!(messages(&found)[0].contains("more than 16 deep"));
    let small =
        Unpacker { limits: Limits::of(100_000, 16, Stop::default()), ..Unpacker::new(&Stop::default()) };
    let content = [gzip(&text), gzip(&vec![b'x'; 1_000_000]), deflated("n", &text)].concat();
    let found = with(small, &content);
    assert_eq!(found.occurrences.len(), 1);
    assert_eq!(messages(&found).len(), 1, "{:?}", messages(&found));
    assert!(messages(&found)[0].contains("decode to more than"));
}

#[test]
fn random_bytes_are_no_containers() {
    let mut state = 1_u64;
    let mut random = |n: usize| -> Vec<u8> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect()
    };
    for magic in [
        &b"\x1f\x8b\x08\0"[..],
        b"PK\x03\x04",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ\0",
        b"BZh9",
        b"\x04\x22\x4d\x18",
    ] {
        let noise = (0..500).flat_map(|_| [magic, &random(200)].concat());
        let content: Vec<u8> = std::iter::once(b'.').chain(noise).collect();
        let found = with(Unpacker::new(&Stop::default()), &content);
        assert_eq!(found.occurrences, []);
        assert_eq!(messages(&found), [""; 0]);
    }
}

/// A reader that fails after its bytes.
struct Failing<'a>(&'a [u8]);

impl io::Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::Error::other("the disk is gone")) } else { self.0.read(out) }
    }
}

#[test]
fn an_error_of_the_reader_is_no_fault_of_a_container() {
    let text = text(&token("a"));
    for content in [text.clone(), gzip(&text), deflated("n", &text), tar_of("t", &gzip(&text))] {
        for cut in [content.len() - 3, content.len() - 20] {
            let mut window = crate::stream::Window::new(Failing(&content[..cut]));
            let (_, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), &mut window);
            assert_eq!(outcome.unwrap_err().to_string(), "the disk is gone");
        }
    }
}
