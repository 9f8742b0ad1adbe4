//! Removes members from a list that is written over one or more lines: commands of a `RUN` or pairs of an
//! `ENV`.
//!
//! Comments between the lines stay. The remaining members keep their continuation lines.

use std::ops::Range;

use crate::dockerfile::Comment;
use crate::text::Span;

/// A source text with its comments.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) source: &'a [u8],
    pub(super) comments: &'a [Comment],
    pub(super) escape: u8,
}

impl Page<'_> {
    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.source.get(range).unwrap_or_default()
    }

    fn line_start(&self, at: usize) -> usize {
        let start = memchr::memrchr(b'\n', self.slice(0..at)).map_or(0, |at| at + 1);
        if start == 0 && self.source.starts_with(b"\xEF\xBB\xBF") { 3 } else { start }
    }

    /// Returns the offset after the ending of the line that contains `at`.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', self.slice(at..self.source.len()))
            .map_or(self.source.len(), |found| at + found + 1)
    }

    /// Returns the start of the line ending before `at`. All `\r` belong to the ending.
    fn before_line_ending(&self, at: usize) -> usize {
        let before = self.slice(0..at);
        let line = before.strip_suffix(b"\n").unwrap_or(before);
        line.iter().rposition(|&b| b != b'\r').map_or(0, |last| last + 1)
    }

    fn skip_blanks(&self, at: usize) -> usize {
        at + self.slice(at..self.source.len()).iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    /// Returns the comment lines within a range, each including its line ending.
    fn comment_lines(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let first = self.comments.partition_point(|comment| comment.span.start < range.start);
        let within = self.comments.iter().skip(first).take_while(|comment| comment.span.end <= range.end);
        within.map(|c| self.line_start(c.span.start)..self.line_end(c.span.end)).collect()
    }

    /// Returns true if there is a comment within the span.
    pub(super) fn has_comment(&self, span: Span) -> bool {
        !self.comment_lines(span.start..span.end).is_empty()
    }

    /// Returns the parts of `range` without these lines.
    fn all_but(range: Range<usize>, lines: &[Range<usize>]) -> Vec<Span> {
        let mut parts = Vec::new();
        let mut at = range.start;
        for line in lines {
            parts.push(Span::new(at, line.start.max(at)));
            at = line.end;
        }
        parts.push(Span::new(at, range.end.max(at)));
        parts.retain(|part| part.start < part.end);
        parts
    }

    /// Removes the member at `start`, up to the start of the next member.
    pub(super) fn cut_forward(&self, start: usize, next: usize) -> Vec<Span> {
        let lines = self.comment_lines(start..next);
        let is_first = |at: usize| self.skip_blanks(self.line_start(at)) == at;
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            // If the members are on lines of their own, each keeps its indentation.
            let are_lines =
                is_first(start) && is_first(next) && self.line_start(start) < self.line_start(next);
            let at = |at| if are_lines { self.line_start(at) } else { at };
            return vec![Span::new(at(start), at(next))];
        };
        // The indentation of the next member stays.
        let end = if self.skip_blanks(last.end) == next { last.end } else { next };
        if is_first(start) {
            return Self::all_but(self.line_start(start)..end, &lines);
        }
        // Something precedes the member and is continued over the comments.
        let ending = self.before_line_ending(first.start);
        let escape = self.slice(start..ending).iter().rposition(|&b| b == self.escape);
        let escape = escape.map_or(ending, |at| start + at);
        let mut parts = vec![Span::new(start, escape)];
        parts.extend(Self::all_but(first.start..end, &lines));
        parts
    }

    /// Removes the last member, which ends at `end`, from the end of the previous member on.
    pub(super) fn cut_backward(&self, before: usize, end: usize) -> Vec<Span> {
        let lines = self.comment_lines(before..end);
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            return vec![Span::new(before, end)];
        };
        // The comments now follow the instruction.
        let mut parts = vec![Span::new(before, self.before_line_ending(first.start))];
        parts.extend(Self::all_but(first.start..self.before_line_ending(last.end), &lines));
        parts.push(Span::new(self.before_line_ending(last.end), end));
        parts
    }

    /// Removes the whole lines of an instruction.
    pub(super) fn cut_lines(&self, span: Span) -> Vec<Span> {
        let last = span.end.saturating_sub(1).max(span.start);
        let range = self.line_start(span.start)..self.line_end(last);
        let lines = self.comment_lines(range.clone());
        Self::all_but(range, &lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::fix::edit::Edits;

    /// Cuts `X` and its operator out of a text.
    fn cut(source: &str, how: &str) -> String {
        let dockerfile = parse(source.as_bytes());
        let page = Page { source: source.as_bytes(), comments: &dockerfile.comments, escape: b'\\' };
        let at = source.find('X').unwrap();
        let parts = match how {
            "forward" => page.cut_forward(at, source.find('B').unwrap()),
            "backward" => page.cut_backward(source.find('A').unwrap() + 1, at + 1),
            _ => page.cut_lines(dockerfile.instructions[1].span),
        };
        let mut edits = Edits::default();
        edits.delete(parts);
        String::from_utf8(edits.apply(source.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn lists_stay_lists() {
        for (how, source, expected) in [
            ("forward", "FROM a\nRUN X && B\n", "FROM a\nRUN B\n"),
            ("forward", "FROM a\nRUN X && \\\r\n    B\r\n", "FROM a\nRUN B\r\n"),
            ("forward", "FROM a\nRUN A && \\\n    X && \\\n    B\n", "FROM a\nRUN A && \\\n    B\n"),
            ("forward", "FROM a\nRUN A \\\n && X \\\n && B\n", "FROM a\nRUN A \\\n && B\n"),
            ("forward", "FROM a\nRUN X && \\\n    # c\n    B\n", "FROM a\nRUN \\\n    # c\n    B\n"),
            (
                "forward",
                "FROM a\nRUN A && \\\r\n    X && \\\r\n    # c\r\n\r\n# d\r\n    B\r\n",
                "FROM a\nRUN A && \\\r\n    # c\r\n# d\r\n    B\r\n",
            ),
            ("backward", "FROM a\nRUN A && X\n", "FROM a\nRUN A\n"),
            ("backward", "FROM a\nRUN A \\\n  && X", "FROM a\nRUN A"),
            ("backward", "FROM a\nRUN A \\\r\n  # c\r\n  && X\r\nRUN y", "FROM a\nRUN A\r\n  # c\r\nRUN y"),
            ("lines", "FROM a\n  RUN X \\\n y\nRUN z\n", "FROM a\nRUN z\n"),
            ("lines", "FROM a\nRUN X \\\n # c\n y", "FROM a\n # c\n"),
            ("lines", "FROM a\nRUN <<E\nX\nE\nRUN z", "FROM a\nRUN z"),
        ] {
            assert_eq!(cut(source, how), expected, "{source}");
        }
    }
}
