//! Any bytes are parsed as a Dockerfile, and every rule looks at them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::{dockerfile, rules};

fuzz_target!(|data: &[u8]| {
    let parsed = dockerfile::parse(data);
    let _ = rules::dockerfile::check(data, &parsed);
});
