//! Files whose parts lie apart, read from an image a second time.

use std::io::{self, Read};
use std::ops::Range;

use super::survey::{Node, Survey};
use crate::detect::{Container, StepKind};
use crate::fault::Code;
use crate::mask::{Message, message};
use crate::stream::Window;
use crate::unpack::blocks::WINDOW;
use crate::unpack::blocks::again::Again;
use crate::unpack::kept::{self, MAX_FILE, MAX_FILES};
use crate::unpack::level::Level;

/// The number of bytes that are read at a time.
const PIECE: usize = 64 * 1024;

/// Searches the files of a surveyed image that lie apart (unless `are_known`), and those at whose paths a credential may
/// be kept. `again` gives the image from its start.
pub(super) fn open<'o, 'd>(
    level: &mut Level<'_, 'o>,
    step: &StepKind,
    survey: Survey,
    are_known: bool,
    again: impl Fn(&Level<'_, 'o>) -> io::Result<Again<'d>>,
) {
    let mut missed = survey.missed;
    let (apart, kept) = survey.files();
    let apart = if are_known { Vec::new() } else { apart };
    let unread = |level: &mut Level<'_, '_>, error: &io::Error| {
        let detail = message!("{}; some files of an erofs image were searched in parts", error.to_string());
        level.error(step.clone(), Code::of(error), detail);
    };
    if !apart.is_empty() {
        let mut again = match again(level) {
            Ok(again) => again,
            Err(error) => return unread(level, &error),
        };
        missed |= join(level, apart, &mut again);
        if let Some(error) = again.error {
            unread(level, &error);
        }
    }
    if !kept.is_empty() {
        let mut again = match again(level) {
            Ok(again) => again,
            Err(error) => return unread(level, &error),
        };
        let contents = contents(&kept, &mut again, &mut missed);
        if let Some(error) = again.error {
            unread(level, &error);
        }
        kept::search(level, Container::Erofs, &contents);
    }
    if missed {
        let detail = Message::own("the erofs image has too many files; some of them were searched in parts");
        level.error(step.clone(), Code::Limit, detail);
    }
}

/// Searches files as a whole. Returns true if some were left out.
fn join(level: &mut Level<'_, '_>, apart: Vec<Node>, again: &mut Again<'_>) -> bool {
    let (mut end, mut missed) = (0..0, false);
    for node in apart {
        // Equal files share their blocks.
        if node.blocks.start < end.end {
            missed |= node.blocks != end;
            continue;
        }
        end = node.blocks.clone();
        let content = File { again: &mut *again, blocks: node.blocks.clone() }.chain(&*node.end);
        let content = level.unpacker.limits.meter(content);
        level.enter_unchanged(node.blocks.start as u64, &mut Window::with_capacity(WINDOW, content));
    }
    missed
}

/// The blocks of a file.
struct File<'a, 'f> {
    again: &'a mut Again<'f>,
    blocks: Range<usize>,
}

impl Read for File<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let piece = self.again.take(self.blocks.start, self.blocks.len().min(PIECE).min(out.len()));
        self.blocks.start += piece.len();
        out.get_mut(..piece.len()).unwrap_or_default().copy_from_slice(&piece);
        Ok(piece.len())
    }
}

/// Returns the contents of files, with their paths.
fn contents(files: &[(Vec<u8>, Node)], again: &mut Again<'_>, missed: &mut bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut left = MAX_FILES;
    let mut pieces = Vec::new();
    for (number, (_, node)) in files.iter().enumerate() {
        let len = node.blocks.len().saturating_add(node.rest.len());
        let Some(room) = left.checked_sub(len).filter(|_| len <= MAX_FILE) else {
            *missed = true;
            continue;
        };
        left = room;
        pieces.extend(
            node.blocks.clone().step_by(PIECE).map(|at| (at, PIECE.min(node.blocks.end - at), number, false)),
        );
        pieces.push((node.rest.start, node.rest.len(), number, true));
    }
    pieces.sort_unstable();
    let mut parts: Vec<[Vec<u8>; 2]> = files.iter().map(|_| [Vec::new(), Vec::new()]).collect();
    let mut last = ((0, 0), Vec::new());
    for (at, len, number, is_end) in pieces {
        // Equal files share their blocks.
        if last.0 != (at, len) {
            last = ((at, len), again.take(at, len));
        }
        if let Some([blocks, end]) = parts.get_mut(number) {
            if is_end { end } else { blocks }.extend(&last.1);
        }
    }
    files.iter().zip(parts).map(|((path, _), parts)| (path.clone(), parts.concat())).collect()
}
