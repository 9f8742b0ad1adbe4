//! Reading from what is buffered.

use std::io::{self, BufRead, Read as _};

/// Implements `Read` for a `BufRead`: copies from the buffer, and consumes the copied bytes.
pub(crate) fn read_buffered(input: &mut (impl BufRead + ?Sized), out: &mut [u8]) -> io::Result<usize> {
    let mut view = input.fill_buf()?;
    let n = view.read(out)?;
    input.consume(n);
    Ok(n)
}
