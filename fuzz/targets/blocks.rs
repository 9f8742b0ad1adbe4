//! Streams and blocks without magic numbers: any bytes after the start of each format.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

const STARTS: [&[u8]; 7] =
    [b"", b"x\x9c", b"..x\xda", b"REDIS0011", b"PAR1", b":W&B\xe1\xbe\0", b"mozLz40\0"];

fuzz_target!(|data: &[u8]| {
    if let Some((first, data)) = data.split_first() {
        let start = STARTS[usize::from(*first) % STARTS.len()];
        internals::unpack(&[start, data].concat());
    }
});
