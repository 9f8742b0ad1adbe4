//! Streams that break off or are damaged, and what only looks like a container.

use std::io::{Read as _, Write as _};

use super::*;

/// A deflate stream that is damaged behind `data`.
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
            let found = with(Unpacker::new(), &content);
            assert_eq!(found.occurrences.iter().map(super::way).collect::<Vec<_>>(), [way], "{len}");
            let said = format!("Odd {said} stream is corrupt; what could be decoded was searched");
            assert_eq!(messages(&found), [said], "{len}");
        }
    }
}
