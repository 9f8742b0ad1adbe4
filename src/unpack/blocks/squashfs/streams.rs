//! Images whose streams are found without the tables, which only tell the paths of files.

use std::io::{self, Read};

use super::super::again::Again;
use super::{Header, Image, MAX_WHOLE, places};
use crate::stream::Window;
use crate::unpack::compressed::WINDOW;
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// Reads an image that begins at `start` and of which `bytes` were read.
pub(super) fn open(level: &mut Level<'_, '_>, header: Header, start: u64, bytes: &[u8], raw: &mut Raw<'_>) {
    let is_whole = bytes.len() as u64 <= MAX_WHOLE;
    let mut input = Tee { input: bytes.chain(raw), ahead: header.inodes, kept: Vec::new() };
    let metered = level.unpacker.limits.meter(&mut input);
    level.enter_known(&mut Window::with_capacity(WINDOW, metered));
    let image = Image { header, bytes: &input.kept, base: header.inodes };
    let inodes = image.table(header.inodes, header.directories);
    places::open(level, image, &inodes, |level| {
        if is_whole { Ok(Again::of(Box::new(bytes))) } else { Again::open(level, start) }
    });
}

/// A reader that keeps what it passes on, from an offset on.
struct Tee<R> {
    input: R,
    /// The number of bytes that are not kept.
    ahead: usize,
    kept: Vec<u8>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(out)?;
        let skipped = self.ahead.min(len);
        self.ahead -= skipped;
        let room = usize::try_from(MAX_WHOLE).unwrap_or(usize::MAX).saturating_sub(self.kept.len());
        let read = out.get(skipped..len).unwrap_or_default();
        self.kept.extend(read.get(..room).unwrap_or(read));
        Ok(len)
    }
}
