//! Splits source bytes into logical lines: directives, comments and continuations. Follows `Parse` in
//! BuildKit's `frontend/dockerfile/parser/parser.go`.

use super::{Comment, Directives};
use crate::mask::Message;
use crate::text::{BYTE_ORDER_MARK, Flaw, skip_space, space_at};
use crate::text::{Span, Text};

/// A line reader. Heredoc bodies are read as raw lines, and everything else is read by
/// [`Lines::next_joined`].
pub(super) struct Lines<'a> {
    source: &'a [u8],
    at: usize,
    pub(super) directives: Directives,
    pub(super) comments: Vec<Comment>,
    pub(super) flaws: Vec<Flaw>,
}

/// The text of an instruction with its continuation lines joined.
pub(super) struct Joined {
    pub(super) text: Text,
    /// The span from the first non-blank byte of the first line to the end of the last line.
    pub(super) span: Span,
}

impl<'a> Lines<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        let at = if source.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Self { source, at, directives: Directives::new(), comments: Vec::new(), flaws: Vec::new() }
    }

    /// Returns the offset of the next line.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Returns the spans of the next physical line without and with its line ending. A line ends with `\n`,
    /// and all `\r` before the `\n` belong to the ending.
    pub(super) fn next_raw(&mut self) -> Option<(Span, Span)> {
        let rest = self.source.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = rest.get(..end).unwrap_or_default();
        let bare = line.iter().rposition(|&b| b != b'\n' && b != b'\r').map_or(0, |last| last + 1);
        let start = self.at;
        self.at += end;
        Some((Span::new(start, start + bare), Span::new(start, start + end)))
    }

    /// Returns the next instruction with its continuation lines joined.
    pub(super) fn next_joined(&mut self) -> Option<Joined> {
        loop {
            let (line, _) = self.next_raw()?;
            let content = self.without_leading_space(line);
            if self.take_comment_or_directive(content, true) || content.start == content.end {
                continue;
            }
            let (part, mut continues) = self.without_continuation(content);
            let mut joined = Joined { text: Text::from_source(self.source, part), span: content };
            while continues {
                let Some((line, _)) = self.next_raw() else { break };
                let content = self.without_leading_space(line);
                // A comment or an empty line inside a continuation does not end it.
                if content.start == content.end || self.take_comment_or_directive(content, false) {
                    continue;
                }
                let part;
                (part, continues) = self.without_continuation(line);
                joined.text.push_source(self.source, part);
                joined.span.end = line.end;
            }
            return Some(joined);
        }
    }

    fn bytes(&self, span: Span) -> &'a [u8] {
        self.source.get(span.start..span.end).unwrap_or_default()
    }

    fn without_leading_space(&self, line: Span) -> Span {
        let text = self.bytes(line);
        let mut at = 0;
        while let Some(width) = space_at(text, at) {
            at += width;
        }
        Span::new(line.start + at, line.end)
    }

    /// Removes an escape character at the end of the line, along with any white space after it. Two escape
    /// characters are an escaped escape character, not a continuation.
    fn without_continuation(&self, line: Span) -> (Span, bool) {
        let escape = self.directives.escape_byte();
        let bytes = self.bytes(line);
        let end = bytes.iter().rposition(|&b| b != b' ' && b != b'\t').map_or(0, |last| last + 1);
        match bytes.get(..end) {
            Some([rest @ .., last]) if *last == escape && rest.last() != Some(&escape) => {
                (Span::new(line.start, line.start + rest.len()), true)
            }
            _ => (line, false),
        }
    }

    /// Returns true if the line, without its leading white space, is a comment. Records the comment, and
    /// parses a directive from it if one is still allowed.
    fn take_comment_or_directive(&mut self, line: Span, at_start: bool) -> bool {
        let bytes = self.bytes(line);
        let is_comment = bytes.first() == Some(&b'#');
        let is_directive = match self.directives.read(bytes, line) {
            Ok(is_directive) => is_directive,
            Err(message) => {
                self.flaws.push(Flaw::new(line, Message::own(message)));
                true
            }
        };
        if is_comment && !is_directive {
            self.comments.push(Comment { span: line, in_continuation: !at_start });
        }
        is_comment
    }
}

/// Splits a joined instruction into its keyword and the rest, both trimmed.
pub(super) fn split_keyword(text: &Text) -> (Text, Text) {
    let text = text.trimmed();
    let is_blank = |b: &u8| matches!(b, b'\t' | b'\x0b' | b'\x0c' | b'\r' | b' ');
    let end = text.as_bytes().iter().position(is_blank).unwrap_or(text.len());
    let rest = skip_space(&text, end);
    (text.slice(0..end), text.slice(rest..text.len()))
}
