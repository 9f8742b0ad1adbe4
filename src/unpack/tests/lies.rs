//! Containers whose parts contradict each other, so that readers differ in what they see.

use super::*;

#[test]
fn a_zip_member_is_read_by_either_method() {
    let text = text(&token("a"));
    let claimed = |method: u16, data: &[u8], unpacked: usize| {
        let mut member = member("n", method, 0, u32::try_from(data.len()).unwrap(), data);
        member[22..26].copy_from_slice(&u32::try_from(unpacked).unwrap().to_le_bytes());
        [member, b"PK\x01\x02".to_vec()].concat()
    };
    let data = deflate(&text);
    // The header says that the data is stored, and the directory that it is deflated.
    assert_eq!(ways(&claimed(0, &data, data.len())), ["zip:n"]);
    // It names other methods, which have formats of their own, and one that nobody knows.
    for method in [1, 9, 12, 14, 93, 95, 98, 200] {
        assert_eq!(ways(&claimed(method, &data, data.len())), ["zip:n"], "{method}");
    }
    // The other way round.
    for (data, way) in [(gzip(&text), "gzip"), (deflated("m", &text), "zip:m"), (text.clone(), "")] {
        for before in [&b""[..], b"#!/bin/sh\n"] {
            let content = [before, &claimed(8, &data, text.len())].concat();
            let found = with(Unpacker::new(&Stop::default()), &content);
            assert_eq!(found.occurrences.iter().map(super::way).collect::<Vec<_>>(), [way]);
        }
    }
}

#[test]
fn skippable_frames_are_searched_for_containers() {
    let (text, zstd) = (text(&token("a")), |data: &[u8]| zstd::encode_all(data, 3).unwrap());
    let skippable = |data: &[u8]| {
        [b"\x53\x2a\x4d\x18", &u32::try_from(data.len()).unwrap().to_le_bytes()[..], data].concat()
    };
    let hidden = skippable(&gzip(&text));
    let frame = zstd(b"nothing in here");
    for content in [
        [&hidden[..], &frame].concat(),
        [&frame[..], &hidden].concat(),
        [&frame[..], &hidden, &frame].concat(),
        [&frame[..], &skippable(b"x"), &skippable(b""), &hidden, &frame].concat(),
    ] {
        assert_eq!(ways(&content), ["zstd > gzip"]);
        assert_eq!(ways(&[b"before", &content[..]].concat()).len(), 1);
        assert_eq!(ways(&gzip(&content)), ["gzip > zstd > gzip"]);
    }
    // A token that a skippable frame cuts.
    let (one, other) = text.split_at(text.len() / 2);
    let content = [zstd(one), skippable(b"between"), zstd(other)].concat();
    assert_eq!(ways(&content), ["zstd"]);
    let content = [zstd(one), skippable(&vec![7; 5 << 20]), zstd(other)].concat();
    let said = messages(&with(Unpacker::new(&Stop::default()), &content));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("Error zstd: the skippable frames"), "{said:?}");
}
