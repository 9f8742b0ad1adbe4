//! Changes to a source text.

use zeroize::Zeroizing;

use crate::text::Span;

/// Edits that are applied together. Their positions refer to the original text.
#[derive(Clone, Default)]
pub(super) struct Edits(Vec<(Span, String)>);

impl Edits {
    /// Replaces the text at `span` by `text`.
    pub(super) fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.0.push((span, text.into()));
    }

    /// Inserts `text` before the byte at `at`.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(Span::new(at, at), text);
    }

    /// Deletes the text at these spans.
    pub(super) fn delete(&mut self, spans: impl IntoIterator<Item = Span>) {
        self.0.extend(spans.into_iter().map(|span| (span, String::new())));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the part at `span` after the edits that are inside it.
    pub(super) fn within(&self, source: &[u8], span: Span) -> Zeroizing<Vec<u8>> {
        let mut inner = Self::default();
        for (edit, text) in &self.0 {
            let (start, end) = (edit.start.max(span.start), edit.end.min(span.end));
            if start < end || (edit.start == edit.end && start == end) {
                inner.replace(Span::new(start - span.start, end - span.start), text.clone());
            }
        }
        inner.apply(source.get(span.start..span.end).unwrap_or_default())
    }

    /// Returns the edited text. Edits inside a deleted part are dropped.
    pub(super) fn apply(mut self, source: &[u8]) -> Zeroizing<Vec<u8>> {
        // Insertions come before the deletions that begin at the same offset.
        self.0.sort_by_key(|(span, text)| (span.start, span.start < span.end, !text.is_empty(), span.end));
        let added: usize = self.0.iter().map(|(_, text)| text.len()).sum();
        // All capacity is reserved at once, so that no reallocation leaves a copy of a token in freed
        // memory.
        let mut out = Zeroizing::new(Vec::with_capacity(source.len() + added));
        let mut at = 0;
        for (span, text) in self.0 {
            if span.start < at {
                if text.is_empty() {
                    at = at.max(span.end);
                }
                continue;
            }
            out.extend_from_slice(source.get(at..span.start).unwrap_or_default());
            out.extend_from_slice(text.as_bytes());
            at = span.end.max(at);
        }
        out.extend_from_slice(source.get(at..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_within_a_deletion_goes_with_it() {
        let mut edits = Edits::default();
        edits.delete([Span::new(2, 5), Span::new(4, 6)]);
        edits.replace(Span::new(3, 4), "X");
        edits.insert(6, "Y");
        edits.insert(2, "W");
        edits.insert(0, "Z");
        assert_eq!(edits.apply(b"0123456789").as_slice(), b"Z01WY6789");
    }
}
