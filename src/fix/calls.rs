//! Removes calls from Python scripts: the whole statement if it stands on lines of its own, with the `if` around it.

use super::cut::{Cut, Page};
use crate::effects::python;
use crate::text::{Span, Text};

/// The functions that may be called in the condition of an `if` that is removed with its login. They only look something up.
const LOOKUPS: [&str; 6] = ["environ.get", "getenv", "exists", "isfile", "bool", "len"];

/// Removes the calls of a Python script. A call that is not a statement of its own becomes `None`.
pub(super) fn calls(page: Page<'_>, text: &Text, targets: &[Span]) -> Option<Cut> {
    let extents: Option<Vec<Span>> = targets.iter().map(|target| python::extent(text, *target)).collect();
    let extents = extents?;
    let lines = Lines::new(page, text.span());
    let (mut deleted, mut replaced) = (Vec::new(), Vec::new());
    for &extent in &extents {
        match lines.statement(extent, &extents) {
            Some(span) => deleted.extend(page.cut_script_lines(span, text.span().start)),
            None => replaced.push((extent, "None")),
        }
    }
    Some(Cut::Parts { deleted, replaced })
}

/// The lines of a script in the source.
struct Lines<'a> {
    source: &'a [u8],
    /// The lines without their endings.
    spans: Vec<Span>,
}

impl<'a> Lines<'a> {
    fn new(page: Page<'a>, script: Span) -> Self {
        // The first and the last line may have more on them than the script.
        let start = memchr::memrchr(b'\n', page.source.get(..script.start).unwrap_or_default());
        let mut at = start.map_or(0, |at| at + 1);
        let mut spans = Vec::new();
        for line in page.source.get(at..).unwrap_or_default().split_inclusive(|&b| b == b'\n') {
            if at >= script.end {
                break;
            }
            spans.push(Span::new(at, at + line.trim_ascii_end().len()));
            at += line.len();
        }
        Self { source: page.source, spans }
    }

    fn text(&self, line: usize) -> &'a [u8] {
        let span = self.spans.get(line).copied().unwrap_or(Span::new(0, 0));
        self.source.get(span.start..span.end).unwrap_or_default()
    }

    fn indentation(&self, line: usize) -> &'a [u8] {
        let text = self.text(line);
        let len = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        text.get(..len).unwrap_or_default()
    }

    fn has_code(&self, line: usize) -> bool {
        !matches!(self.text(line).trim_ascii_start().first(), None | Some(b'#'))
    }

    /// Returns the lines that go if the statement at `extent` goes, or `None` if something has to stay in its place.
    fn statement(&self, extent: Span, gone: &[Span]) -> Option<Span> {
        let first = self.spans.partition_point(|line| line.end <= extent.start);
        let last = self.spans.partition_point(|line| line.end < extent.end);
        let is_whole = self.spans.get(first)?.start + self.indentation(first).len() == extent.start
            && self.spans.get(last)?.end == extent.end;
        if !is_whole {
            return None;
        }
        let indentation = self.indentation(first);
        if indentation.is_empty() || self.has_sibling(first, last, gone) {
            return Some(extent);
        }
        // The block has no other statement.
        let header = (0..first).rev().find(|&line| self.has_code(line))?;
        let is_if = self.text(header).trim_ascii_start();
        let condition = is_if.strip_prefix(b"if ")?.strip_suffix(b":")?;
        let outer = self.indentation(header);
        let goes_on = self.next(last).is_some_and(|next| {
            let (next, text) = (self.indentation(next), self.text(next).trim_ascii_start());
            next.len() > outer.len() || (next == outer && text.starts_with(b"el"))
        });
        if outer.len() >= indentation.len() || goes_on || !only_looks_up(condition) {
            return None;
        }
        let is_needed = !outer.is_empty() && !self.has_sibling(header, last, gone);
        (!is_needed)
            .then(|| Span::new(self.spans.get(header).map_or(0, |line| line.start) + outer.len(), extent.end))
    }

    fn next(&self, line: usize) -> Option<usize> {
        (line + 1..self.spans.len()).find(|&line| self.has_code(line))
    }

    /// Returns true if another statement of the block stays, directly before or after these lines.
    fn has_sibling(&self, first: usize, last: usize, gone: &[Span]) -> bool {
        let stays = |line: &usize| {
            let goes = self.spans.get(*line).is_some_and(|line| gone.iter().any(|gone| gone.overlaps(*line)));
            self.indentation(*line) == self.indentation(first) && !goes
        };
        // A line that opens a block, or that the next line continues, is no statement.
        let is_closed = |line: &usize| {
            let code = self.text(*line).split(|&b| b == b'#').next().unwrap_or_default().trim_ascii();
            !code.ends_with(b":") && !code.ends_with(b"\\")
        };
        let before = (0..first).rev().find(|&line| self.has_code(line)).filter(is_closed);
        self.next(last).into_iter().chain(before).any(|line| stays(&line))
    }
}

/// Returns true if a condition changes nothing.
fn only_looks_up(condition: &[u8]) -> bool {
    let text = String::from_utf8_lossy(condition);
    let is_known = |(at, _): (usize, &str)| {
        let before = text.get(..at).unwrap_or_default();
        before.is_empty()
            || before.ends_with(|c: char| !c.is_alphanumeric() && c != '_' && c != ']')
            || LOOKUPS.iter().any(|known| before.ends_with(known))
    };
    !text.contains(":=") && text.match_indices('(').all(is_known)
}
