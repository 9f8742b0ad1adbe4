//! Packs and loose objects of git. The target fills in the version and object count of a pack, and compresses
//! the content of a loose object, so that the input reaches the parsers.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    internals::unpack(&[&b"PACK\0\0\0\x02\0\0\0"[..], &[first & 31], rest].concat());
    let kind = ["blob", "commit", "tree", "tag"][usize::from(first) % 4];
    let mut object = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    write!(object, "{kind} {}\0", rest.len())
        .and_then(|()| object.write_all(rest))
        .expect("memory takes all");
    internals::unpack(&object.finish().expect("memory takes all"));
});
