//! Gzip, all members of it (RFC 1952, section 2.2).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decompresses every member of a gzip stream. What stands behind the last member is no part of it and
/// is read past, as `gzip` does.
pub(super) enum Gzip<R> {
    Member(Box<GzDecoder<R>>),
    Trailer(R),
    Broken,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(inner: R) -> Self {
        Self::Member(Box::new(GzDecoder::new(inner)))
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Member(decoder) => {
                    let n = decoder.read(out)?;
                    if n > 0 || out.is_empty() {
                        return Ok(n);
                    }
                    let Self::Member(decoder) = std::mem::replace(self, Self::Broken) else {
                        return Ok(0);
                    };
                    let mut inner = decoder.into_inner();
                    // One byte tells: what begins like a member and is none is an error.
                    *self = if inner.fill_buf()?.first() == Some(&0x1f) {
                        Self::Member(Box::new(GzDecoder::new(inner)))
                    } else {
                        Self::Trailer(inner)
                    };
                }
                Self::Trailer(inner) => {
                    io::copy(inner, &mut io::sink())?;
                    return Ok(0);
                }
                Self::Broken => return Ok(0),
            }
        }
    }
}
