//! The member of a tar archive on disk in which a token lies.

use std::fs::File;
use std::io::{self, BufRead, Read};

use crate::detect::Occurrence;
use crate::stream::{Bounds, Decompressed, Entry, Gap, Peek, Visit, Window, begins_tar, walk};

/// The number of bytes that show whether a file is a tar archive.
const HEAD: usize = 512;

/// Returns the path of the member in which a token lies, if the searched file is a tar archive that builders unpack.
/// `open` opens the file.
pub(crate) fn member(occurrence: &Occurrence, open: impl FnOnce() -> io::Result<File>) -> Option<Vec<u8>> {
    let offset = occurrence.offset;
    if occurrence.via.is_empty() {
        member_at(open().ok()?, offset)
    } else if occurrence.is_in_unpacked() {
        // The token is visible between the members, so the member does not lead to it.
        member_at(Decompressed::new(Window::new(open().ok()?)).ok()?, offset)
    } else {
        occurrence.member_of_tar()
    }
}

/// Returns the path of the member of an archive that holds an offset.
fn member_at(archive: impl Read, offset: u64) -> Option<Vec<u8>> {
    let mut window = Window::new(archive.take(offset.saturating_add(1)));
    if !begins_tar(window.peek(HEAD).ok()?) {
        return None;
    }
    let mut at = At { offset, found: None };
    // A damaged archive was reported when it was searched.
    let _ = walk(&mut window, &mut at);
    at.found
}

/// Looks for the entry that holds an offset.
struct At {
    offset: u64,
    found: Option<Vec<u8>>,
}

impl Visit for At {
    fn gap(&mut self, _: &Gap<'_>) {}

    fn entry(&mut self, entry: &Entry, _: &mut dyn Peek) -> io::Result<()> {
        let end = entry.body_offset.saturating_add(entry.size);
        if (entry.body_offset..end).contains(&self.offset) {
            self.found = Some(entry.path.clone());
        }
        Ok(())
    }

    fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::detect::{Scanner, Step, StepKind};
    use crate::stream::Compression;
    use crate::stream::samples::{part, tar_of};

    /// Returns the member of the token in a file of these bytes, which was found by these steps.
    fn found(bytes: &[u8], searched: &[u8], via: &[Compression]) -> Option<String> {
        let mut scanner = Scanner::new();
        scanner.feed(searched);
        let mut occurrence = scanner.finish().remove(0);
        for compression in via {
            occurrence.reached_by(Step::new(StepKind::Compression(*compression), 0..0));
        }
        let open = || {
            let mut file = tempfile::tempfile()?;
            file.write_all(bytes)?;
            file.rewind()?;
            Ok(file)
        };
        member(&occurrence, open).map(|path| String::from_utf8(path).unwrap())
    }

    #[test]
    fn a_token_lies_in_a_member_of_an_archive_that_builders_unpack() {
        let text = format!("HF_TOKEN={}\n", crate::detect::tests::token("hf_"));
        let tar = tar_of("conf/.env", text.as_bytes());
        let member = Some("conf/.env".to_owned());
        assert_eq!(found(&tar, &tar, &[]), member);
        for compression in [Compression::Gzip, Compression::Bzip2, Compression::Xz] {
            assert_eq!(found(&part(compression, &tar), &tar, &[compression]), member, "{compression:?}");
            assert_eq!(found(&part(compression, text.as_bytes()), text.as_bytes(), &[compression]), None);
        }
        assert_eq!(found(&part(Compression::Zstd, &tar), &tar, &[Compression::Zstd]), None);
        assert_eq!(found(text.as_bytes(), text.as_bytes(), &[]), None);
    }
}
