//! What a search finds does not depend on the pieces in which it is given the bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::detect::{Scanner, find};

fuzz_target!(|input: (Vec<u8>, Vec<u16>)| {
    let (bytes, cuts) = input;
    let mut scanner = Scanner::new();
    let mut rest = &bytes[..];
    for cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        scanner.feed(piece);
        rest = behind;
    }
    scanner.feed(rest);
    assert_eq!(scanner.finish(), find(&bytes));
});
