//! Members of zip archives: any bytes after the magic number of the first member.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

fuzz_target!(|data: &[u8]| internals::unpack(&[&b"PK\x03\x04"[..], data].concat()));
