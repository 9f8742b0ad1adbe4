//! File systems in files: the seeds are images of squashfs and erofs alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

fuzz_target!(|data: &[u8]| internals::unpack(data));
