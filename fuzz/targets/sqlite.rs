//! Pages of a database: any bytes behind its magic number.

#![no_main]

mod body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| body::hold(&[&b"SQLite format 3\0"[..], data].concat()));
