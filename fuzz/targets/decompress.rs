//! Any bytes are decompressed without a panic and in bounded memory, and a part on its own gives what the
//! whole stream begins with.

#![no_main]

use std::io::Read as _;

use libfuzzer_sys::fuzz_target;
use stowaway::stream::{Compression, Decompressed, Part, Window};

/// More is not read of a bomb.
const MOST: u64 = 4 << 20;

fuzz_target!(|data: &[u8]| {
    let mut whole = Vec::new();
    if let Ok(stream) = Decompressed::new(Window::with_capacity(4096, data)) {
        let _ = stream.take(MOST).read_to_end(&mut whole);
    }
    let mut input = data;
    let mut parts = Vec::new();
    while Compression::of(input) != Compression::None {
        let before = input.len();
        let Ok(mut part) = Part::open(Compression::of(input), input) else { break };
        let outcome = part.by_ref().take(MOST - parts.len() as u64).read_to_end(&mut parts);
        input = part.into_input();
        if outcome.is_err() || parts.len() as u64 == MOST || input.len() == before {
            break;
        }
    }
    let both = whole.len().min(parts.len());
    if Compression::of(data) != Compression::None {
        assert!(whole[..both] == parts[..both]);
    }
});
