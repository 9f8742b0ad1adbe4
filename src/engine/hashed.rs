//! Bytes that are hashed as they go by.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// Passes bytes on and hashes them, if they are to be.
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

/// The digest of what went by.
pub(crate) fn finish(hash: Sha256) -> Digest {
    let bytes: [u8; 32] = hash.finalize().into();
    Digest::from_bytes(bytes)
}
