//! Characters that are doubled in a file whose variables are expanded before another program sees the text.

use crate::text::Text;

/// Removes the first character of each `doubled`. Most tools write a `$` of the text as `$$`.
pub(in crate::ci) fn without_doubled(text: &Text, doubled: &[u8]) -> Text {
    let mut out = Text::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), doubled) {
        out.push_text(text, start..at);
        start = at + 1;
    }
    out.push_text(text, start..text.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn what_is_written_twice_keeps_its_place() {
        let source = b"a $$B $${C} $D";
        let text = without_doubled(&Text::from_source(source, Span::new(0, source.len())), b"$$");
        assert_eq!(text.as_bytes(), b"a $B ${C} $D");
        assert_eq!((text.source_offset(2), text.source_offset(11)), (3, 13));
    }
}
