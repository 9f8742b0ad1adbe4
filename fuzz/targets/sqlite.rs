//! Database pages: any bytes after the magic number.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

fuzz_target!(|data: &[u8]| internals::unpack(&[&b"SQLite format 3\0"[..], data].concat()));
