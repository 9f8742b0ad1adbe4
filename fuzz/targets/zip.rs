//! Members of zip archives: any bytes behind the magic number of the first.

#![no_main]

mod body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| body::hold(&[&b"PK\x03\x04"[..], data].concat()));
