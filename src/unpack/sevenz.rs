//! 7z archives. The layout is described at the end of an archive, so the whole archive is held in memory
//! while it is read.

use crate::fault::{Code, is_limit};
use std::io::{self, Read as _};

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::Raw;
use crate::detect::{Container, StepKind};
use crate::mask::{Message, message};
use crate::stream::sevenz::{checksum, entries};
use crate::stream::{Peek as _, Window, hold_memory};

/// The step into an archive as a whole.
const ARCHIVE: StepKind = StepKind::Container(Container::SevenZ);
/// The length of the first header, which is the only header before the data.
const HEADER: usize = 32;
/// The maximum size of an archive that is read.
const MAX_SIZE: u64 = 32 << 20;
/// The maximum memory for the decoders of one archive.
const MEMORY: u64 = 64 << 20;

/// Returns the size of the archive that begins with these bytes, computed from the offset and length of its
/// end header.
pub(super) fn size(head: &[u8]) -> Option<u64> {
    // The major version has to be 0. The magic number alone also occurs in tables of magic numbers.
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
        let detail = message!("it has {} MiB, more than the limit of {} MiB", size >> 20, limit);
        return level.error(ARCHIVE, Code::Limit, detail);
    }
    let outcome = hold_memory(size, "a 7z archive").and_then(|_held| {
        let mut archive = Vec::new();
        raw.take(size).read_to_end(&mut archive)?;
        entries(&archive, MEMORY, &mut |name, content| entry(level, name, content))
    });
    match outcome {
        Ok(()) => {}
        Err(error) => match Code::of(&error) {
            Code::Encrypted => {
                level.note(ARCHIVE, Code::Encrypted, Message::own("some of its members are encrypted"));
            }
            Code::Unsupported => level.error(ARCHIVE, Code::Unsupported, Message::foreign(error.to_string())),
            _ => level.failed(ARCHIVE, &error),
        },
    }
}

fn entry(level: &mut Level<'_, '_>, name: &str, content: &mut dyn io::Read) -> io::Result<()> {
    let content = level.unpacker.limits.meter(content);
    let step = StepKind::member(Container::SevenZ, name.as_bytes());
    match level.enter(step.clone(), &mut Window::with_capacity(WINDOW, content)) {
        Err(error) if is_limit(&error) => {
            level.error(step, Code::Limit, Message::foreign(error.to_string()));
            Ok(())
        }
        outcome => outcome,
    }
}
