//! The token scanner, with input in pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

fuzz_target!(|input: (Vec<u8>, Vec<u16>)| internals::scanner(&input.0, &input.1));
