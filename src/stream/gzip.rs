//! Gzip, one member after another (RFC 1952, section 2.2).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decompresses one member.
pub(super) struct Gzip<R>(GzDecoder<R>);

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(input: R) -> Self {
        Self(GzDecoder::new(input))
    }

    /// The input, which stands behind the member once that has been read to its end.
    pub(super) fn into_input(self) -> R {
        self.0.into_inner()
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), "the gzip stream breaks off inside a member")
            }
            _ => error,
        })
    }
}
