//! Wrapping of lines at spaces.

use std::borrow::Cow;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Wraps `text`, which has no line breaks, to at most `width` columns if its words allow it.
///
/// Text that begins with a space is code. It stays as it is, since a wrapped line would not run.
pub(in crate::report) fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.starts_with(' ') {
        return vec![text.to_owned()];
    }
    let options = Options::new(width)
        // Commands and addresses must stay in one piece so that they can be copied, so lines break only at
        // spaces.
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("größe ist", 9), ["größe ist"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrap("日本 日本", 8), ["日本", "日本"]);
        assert_eq!(wrap("日本 日本", 9), ["日本 日本"]);
        assert_eq!(wrap("u\u{308} u\u{308}", 3), ["u\u{308} u\u{308}"]);
    }

    #[test]
    fn a_long_word_is_left_whole() {
        assert_eq!(wrap("a https://example.org/x b", 8), ["a", "https://example.org/x", "b"]);
        assert_eq!(wrap("a --from-file=x-y-z b", 8), ["a", "--from-file=x-y-z", "b"]);
    }

    #[test]
    fn code_is_left_as_it_is() {
        assert_eq!(wrap("  RUN one two three", 8), ["  RUN one two three"]);
    }
}
