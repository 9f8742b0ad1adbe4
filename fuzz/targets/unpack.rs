//! Files within files of every format, in each other.

#![no_main]

mod body;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| body::hold(data));
