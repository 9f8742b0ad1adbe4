//! Hashing of bytes while they are read.

use std::io::{self, Read};

use crate::digest::Hasher;

/// A reader that hashes the bytes it passes on, if there is a hash.
pub(crate) struct Hashed<'a, R> {
    pub(crate) input: R,
    pub(crate) hash: &'a mut Option<Hasher>,
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
