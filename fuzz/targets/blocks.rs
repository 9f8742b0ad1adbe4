//! Streams and blocks without magic numbers: any bytes after the start of each format.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

const STARTS: [&[u8]; 15] = [
    b"",
    b"x\x9c",
    b"..x\xda",
    b"REDIS0011",
    b"PAR1",
    b":W&B\xe1\xbe\0",
    b"mozLz40\0",
    b"%PDF-1.7\n",
    b"ORC",
    b"Obj\x01",
    b"QFI\xfb\0\0\0\x03",
    b"hsqs",
    b"\xff\x06\0\0sNaPpY",
    b"\x37\x7f\x06\x82\0\x2d\xe2\x18\0\0\x02\0",
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
];

fuzz_target!(|data: &[u8]| {
    if let Some((first, data)) = data.split_first() {
        let start = STARTS[usize::from(*first) % STARTS.len()];
        internals::unpack(&[start, data].concat());
    }
});
