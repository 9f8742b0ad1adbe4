//! Removes members from a list that is written over one or more lines: commands of a `RUN` or pairs of an
//! `ENV`.
//!
//! A comment is about the member below it, and goes or stays with it. The remaining members keep their continuation
//! lines.

use std::ops::Range;

use crate::dockerfile::Comment;
use crate::text::Span;

/// The result of removing commands from a script.
pub(super) enum Cut {
    /// The whole script is removed.
    All,
    /// Some parts of the source are deleted, and others are replaced.
    Parts { deleted: Vec<Span>, replaced: Vec<(Span, &'static str)> },
}

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

    /// Returns the start of the comment lines directly above the line that begins with the member at `at`.
    fn with_comments(&self, at: usize) -> usize {
        let mut start = self.line_start(at);
        let count = self.comments.partition_point(|comment| comment.span.start < start);
        for comment in self.comments.iter().take(count).rev() {
            if self.line_end(comment.span.end) != start {
                break;
            }
            start = self.line_start(comment.span.start);
        }
        start
    }

    /// Removes the members from `start` to `end`, up to the start of the next member. Comments above them go
    /// with them, and comments above the next member stay.
    pub(super) fn cut_forward(&self, start: usize, end: usize, next: usize) -> Vec<Span> {
        let lines = self.comment_lines(end..next);
        let is_first = |at: usize| self.skip_blanks(self.line_start(at)) == at;
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            // If the members are on lines of their own, each keeps its indentation.
            let are_lines =
                is_first(start) && is_first(next) && self.line_start(start) < self.line_start(next);
            return vec![if are_lines {
                Span::new(self.with_comments(start), self.line_start(next))
            } else {
                Span::new(start, next)
            }];
        };
        // The indentation of the next member stays.
        let to = if self.skip_blanks(last.end) == next { last.end } else { next };
        if is_first(start) {
            return Self::all_but(self.with_comments(start)..to, &lines);
        }
        // Something precedes the member and is continued over the comments.
        let ending = self.before_line_ending(first.start);
        let escape = self.slice(start..ending).iter().rposition(|&b| b == self.escape);
        let escape = escape.map_or(ending, |at| start + at);
        let mut parts = vec![Span::new(start, escape)];
        parts.extend(Self::all_but(first.start..to, &lines));
        parts
    }

    /// Removes the last members, which end at `end`, from the end of the previous member on. Comments above
    /// them go with them.
    pub(super) fn cut_backward(before: usize, end: usize) -> Vec<Span> {
        vec![Span::new(before, end)]
    }

    /// Removes whole lines of a script that begins at `from`, with the comments directly above them.
    pub(super) fn cut_script_lines(&self, span: Span, from: usize) -> Vec<Span> {
        let mut start = self.line_start(span.start);
        while start > from {
            let above = self.line_start(start - 1);
            if above < from || !self.slice(self.skip_blanks(above)..start).starts_with(b"#") {
                break;
            }
            start = above;
        }
        let last = span.end.saturating_sub(1).max(span.start);
        vec![Span::new(start, self.line_end(last))]
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
            "forward" => page.cut_forward(at, at + 1, source.find('B').unwrap()),
            _ => Page::cut_backward(source.find('A').unwrap() + 1, at + 1),
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
            ("backward", "FROM a\nRUN A \\\r\n  # c\r\n  && X\r\nRUN y", "FROM a\nRUN A\r\nRUN y"),
            (
                "forward",
                "FROM a\nRUN A && \\\n    # x\n    # y\n    X && \\\n    B\n",
                "FROM a\nRUN A && \\\n    B\n",
            ),
            (
                "forward",
                "FROM a\nRUN A && \\\n    # x\n    X && \\\n    # b\n    B\n",
                "FROM a\nRUN A && \\\n    # b\n    B\n",
            ),
        ] {
            assert_eq!(cut(source, how), expected, "{source}");
        }
    }
}
