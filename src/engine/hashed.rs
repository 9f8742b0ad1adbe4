//! Hashing of bytes while they are read.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// A reader that hashes the bytes it passes on, if there is a hash.
pub(crate) struct Hashed<'a, R> {
    pub(crate) input: R,
    pub(crate) hash: &'a mut Option<Sha256>,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        if let Some(hash) = self.hash {
            hash.update(out.get(..n).unwrap_or_default());
        }
        Ok(n)
    }
}

/// Returns the digest of the bytes read.
pub(crate) fn finish(hash: Sha256) -> Digest {
    let bytes: [u8; 32] = hash.finalize().into();
    Digest::from_bytes(bytes)
}
