//! An archive with a replaced header.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;

/// The length of the start header of an archive.
pub(super) const START: usize = 32;

/// The start header, the packed streams of the archive at their offsets, and a header in place of the
/// archive's own. Nothing is copied.
pub(super) struct Spliced<'a> {
    start: [u8; START],
    packed: &'a [u8],
    header: &'a [u8],
    at: u64,
}

impl<'a> Spliced<'a> {
    /// Puts `header` after the packed streams of an archive.
    pub(super) fn new(archive: &'a [u8], header: &'a [u8]) -> Self {
        let packed = archive.get(START..).unwrap_or_default();
        let fields = [(packed.len() as u64).to_le_bytes(), (header.len() as u64).to_le_bytes()].concat();
        let fields = [&fields[..], &checksum(header).to_le_bytes()].concat();
        let bytes = [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &checksum(&fields).to_le_bytes(), &fields].concat();
        let start = bytes.first_chunk().copied().unwrap_or([0; START]);
        Self { start, packed, header, at: 0 }
    }

    fn len(&self) -> u64 {
        (START + self.packed.len() + self.header.len()) as u64
    }
}

impl Read for Spliced<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut at = usize::try_from(self.at).unwrap_or(usize::MAX);
        for mut piece in [&self.start[..], self.packed, self.header] {
            if let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
                piece = rest;
                let n = piece.read(out)?;
                self.at += n as u64;
                return Ok(n);
            }
            at -= piece.len();
        }
        Ok(0)
    }
}

impl Seek for Spliced<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?.min(self.len());
        Ok(self.at)
    }
}

/// Returns the CRC-32 of bytes, as the format defines it.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_one() {
        let archive = [&[0; START][..], b"packed"].concat();
        let mut spliced = Spliced::new(&archive, b"header");
        let mut all = Vec::new();
        spliced.read_to_end(&mut all).unwrap();
        assert_eq!(&all[START..], b"packedheader");
        for at in 0..=all.len() {
            let mut rest = Vec::new();
            spliced.seek(SeekFrom::Start(at as u64)).unwrap();
            spliced.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, all[at..]);
        }
        assert_eq!(spliced.seek(SeekFrom::Start(1 << 60)).unwrap(), all.len() as u64);
        assert!(spliced.seek(SeekFrom::Current(-100)).is_err());
    }
}
