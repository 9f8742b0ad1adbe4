//! 7z archives. What lies where is told by their end, so that they are held while they are read.

use std::io::{self, Read as _};

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::Raw;
use crate::stream::sevenz::{checksum, entries, is_encrypted};
use crate::stream::{Peek as _, Window, hold_memory, is_limit};

/// The first header, which is all that stands in front of the data.
const HEADER: usize = 32;
/// Larger archives are not read.
const MAX_SIZE: u64 = 32 << 20;
/// What the decoders of one archive may take.
const MEMORY: u64 = 64 << 20;

/// The size of the archive that begins with these bytes: where its header lies, and how long that is.
pub(super) fn size(head: &[u8]) -> Option<u64> {
    // Version 0.x; the magic number alone stands in tables of such numbers as well.
    let (_, fields) = head.get(..HEADER)?.strip_prefix(b"7z\xbc\xaf\x27\x1c\0")?.split_first()?;
    let (expected, fields) = fields.split_first_chunk()?;
    if checksum(fields) != u32::from_le_bytes(*expected) {
        return None;
    }
    let (offset, fields) = fields.split_first_chunk()?;
    let (len, _) = fields.split_first_chunk()?;
    let size = u64::from_le_bytes(*offset).checked_add(u64::from_le_bytes(*len))?;
    size.checked_add(HEADER as u64).filter(|&size| size < 1 << 48)
}

pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let Some(size) = raw.peek(HEADER).ok().and_then(size) else { return };
    if size > MAX_SIZE {
        let limit = MAX_SIZE >> 20;
        return level
            .unread(b"7z", &format!("it has {} MiB, and more than {limit} MiB are not read", size >> 20));
    }
    let outcome = hold_memory(size, "a 7z archive").and_then(|_held| {
        let mut archive = Vec::new();
        raw.take(size).read_to_end(&mut archive)?;
        entries(&archive, MEMORY, &mut |name, content| entry(level, name, content))
    });
    match outcome {
        Ok(()) => {}
        Err(error) if is_encrypted(&error) => level.odd(b"7z", "some of its members are encrypted"),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => level.unread(b"7z", &error.to_string()),
        Err(error) => level.failed(b"7z", &error),
    }
}

fn entry(level: &mut Level<'_, '_>, name: &str, content: &mut dyn io::Read) -> io::Result<()> {
    let content = level.unpacker.limits.meter(content);
    let step = format!("7z:{name}");
    match level.enter(step.as_bytes(), None, &mut Window::with_capacity(WINDOW, content)) {
        Err(error) if is_limit(&error) => {
            level.unread(step.as_bytes(), &error.to_string());
            Ok(())
        }
        outcome => outcome,
    }
}
