//! Every byte of a tar stream goes to a body, to a gap or to the rest, whatever its headers say.

#![no_main]

use std::io::{self, BufRead};

use libfuzzer_sys::fuzz_target;
use stowaway::stream::{Bounds, Entry, Extent, Gap, Peek, SparseMap, TarError, Visit, Window, walk};

/// Counts what it is given.
#[derive(Default)]
struct Count {
    bytes: u64,
    /// Bytes that are not zero, which nothing may leave out.
    nonzero: u64,
}

impl Count {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.nonzero += bytes.iter().filter(|&&b| b != 0).count() as u64;
    }
}

impl Visit for Count {
    fn gap(&mut self, gap: &Gap<'_>) {
        self.add(&gap.bytes[gap.own.clone()]);
        for at in 0..gap.bytes.len() {
            let _ = gap.field_at(at);
        }
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let mut all = Vec::new();
        body.read_to_end(&mut all)?;
        if entry.extent == Extent::SparseMapInBody {
            let _ = SparseMap::read(&mut &all[..]);
        }
        self.add(&all);
        Ok(())
    }

    fn rest(&mut self, _: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all)?;
        self.add(&all);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let mut count = Count::default();
    let outcome = walk(&mut Window::with_capacity(4096, data), &mut count);
    assert!(!matches!(outcome, Err(TarError::Io(_))));
    assert!(count.bytes <= data.len() as u64);
    // The padding of a long name is searched by nobody but readers of the raw bytes, if it is not zero.
    let mut all = Count::default();
    all.add(data);
    assert!(count.nonzero <= all.nonzero);
});
