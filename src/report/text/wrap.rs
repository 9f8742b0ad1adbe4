//! Lines broken between words.

/// `text`, which holds no line breaks, in lines of at most `width` characters where its words let it.
///
/// Text that begins with a space is code: it is left as it is, since a broken line would not run.
pub(in crate::report) fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.starts_with(' ') {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    lines.push(line);
    lines
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
    fn a_long_word_is_left_whole() {
        assert_eq!(wrap("a https://example.org/x b", 8), ["a", "https://example.org/x", "b"]);
    }

    #[test]
    fn code_is_left_as_it_is() {
        assert_eq!(wrap("  RUN one two three", 8), ["  RUN one two three"]);
    }
}
