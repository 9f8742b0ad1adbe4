//! 7z archives with corrected checksums. Reading must not panic, and memory must be bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::internals;

/// The length of the start header.
const START: usize = 32;

fuzz_target!(|data: &[u8]| {
    let mut archive = data.to_vec();
    if let Some(fields) = archive.get(12..START) {
        let number = |at: usize| {
            let bytes: [u8; 8] = fields[at..at + 8].try_into().unwrap_or_default();
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let header = number(0).zip(number(8)).and_then(|(offset, len)| {
            let at = offset.checked_add(START)?;
            data.get(at..at.checked_add(len)?)
        });
        let header = crc32fast::hash(header.unwrap_or_default());
        archive[28..START].copy_from_slice(&header.to_le_bytes());
        let start = crc32fast::hash(&archive[12..START]);
        archive[8..12].copy_from_slice(&start.to_le_bytes());
        archive[..8].copy_from_slice(b"7z\xbc\xaf\x27\x1c\0\x04");
    }
    internals::sevenz(&archive);
});
