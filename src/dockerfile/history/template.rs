//! Words of a Dockerfile as patterns, in which the values of variables are unknown.
//!
//! White space is removed on both sides, because each builder joins, indents and splits lines in its own
//! way.

use zeroize::Zeroizing;

use crate::text::Text;

/// A text without its white space. It may hold a token: compare it, never show it.
pub(super) type Solid = Zeroizing<Vec<u8>>;

/// Returns `text` without its white space.
pub(super) fn solid(text: &[u8]) -> Solid {
    Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect())
}

/// Returns `text` without white space and without the characters that quote, escape or separate words:
/// `["a", "b c"]` and `[a b c]` have the same skeleton.
pub(super) fn skeleton(text: &[u8]) -> Solid {
    let is_form = |byte: &u8| byte.is_ascii_whitespace() || b"\"'\\,[]".contains(byte);
    Zeroizing::new(text.iter().copied().filter(|byte| !is_form(byte)).collect())
}

/// A text with gaps that match anything.
#[derive(Default)]
pub(super) struct Template {
    /// Runs of text, with a gap between each two of them.
    runs: Vec<Solid>,
}

impl Template {
    /// Concatenates the words, with quotes and escapes resolved as the builder resolves them.
    pub(super) fn of_words<'a>(words: impl IntoIterator<Item = &'a Text>, escape: u8) -> Self {
        let mut template = Self::new();
        for word in words {
            template.push_word(word, escape);
        }
        template
    }

    /// Returns an empty template.
    pub(super) fn new() -> Self {
        Self { runs: vec![Solid::default()] }
    }

    /// Returns true if the template has a gap.
    pub(super) fn has_gap(&self) -> bool {
        self.runs.len() > 1
    }

    /// Returns true if the template matches the text, which has no white space either.
    pub(super) fn fits(&self, text: &[u8]) -> bool {
        let [first, rest @ ..] = self.runs.as_slice() else { return text.is_empty() };
        let Some(mut left) = text.strip_prefix(first.as_slice()) else { return false };
        let [middle @ .., last] = rest else { return left.is_empty() };
        for run in middle.iter().filter(|run| !run.is_empty()) {
            let Some(at) = memchr::memmem::find(left, run) else { return false };
            left = left.get(at + run.len()..).unwrap_or_default();
        }
        left.ends_with(last)
    }

    /// Returns the text of a template without gaps.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self.runs.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    pub(super) fn push_gap(&mut self) {
        if self.runs.last().is_none_or(|run| !run.is_empty()) || self.runs.len() == 1 {
            self.runs.push(Solid::default());
        }
    }

    pub(super) fn push_text(&mut self, text: &[u8]) {
        if self.runs.is_empty() {
            self.runs.push(Solid::default());
        }
        if let Some(run) = self.runs.last_mut() {
            run.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }

    /// Appends a word as it is written (BuildKit, `frontend/dockerfile/shell/lex.go`).
    pub(super) fn push_word(&mut self, word: &Text, escape: u8) {
        let mut at = 0;
        let mut quote = None;
        while let Some(byte) = word.byte(at) {
            at += 1;
            match (byte, quote) {
                (b'\'' | b'"', None) => quote = Some(byte),
                (_, Some(open)) if byte == open => quote = None,
                (b'$', None | Some(b'"')) => at = self.push_variable(word, at),
                (_, Some(b'\'')) => self.push_text(&[byte]),
                _ if byte == escape => {
                    let escaped = word.byte(at);
                    let resolves = quote.is_none()
                        || escaped.is_some_and(|next| next == b'"' || next == b'$' || next == escape);
                    if !resolves {
                        self.push_text(&[byte]);
                    }
                    if let Some(next) = escaped.filter(|_| resolves) {
                        self.push_text(&[next]);
                        at += 1;
                    }
                }
                _ => self.push_text(&[byte]),
            }
        }
    }

    /// Appends a gap for the variable whose `$` is before `at`. Returns the offset after the variable.
    fn push_variable(&mut self, word: &Text, at: usize) -> usize {
        let mut end = at;
        if word.byte(at) == Some(b'{') {
            let mut depth = 0_usize;
            while let Some(byte) = word.byte(end) {
                end += 1;
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            while word.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                end += 1;
            }
            if end == at {
                if !word.byte(at).is_some_and(|byte| b"@*#?-$!".contains(&byte)) {
                    self.push_text(b"$");
                    return at;
                }
                end += 1;
            }
        }
        self.push_gap();
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn template(word: &str) -> Template {
        let text = Text::from_source(word.as_bytes(), Span::new(0, word.len()));
        Template::of_words([&text], b'\\')
    }

    #[test]
    fn what_a_word_may_stand_for() {
        for (word, fitting, others) in [
            ("abc", &["abc"][..], &["", "ab", "abcd"][..]),
            (r#""a b"'c d'"#, &["abcd"], &["a"]),
            (r"a\ b\$c", &["ab$c"], &["abc"]),
            (r#""\"\a""#, &[r#""\a"#], &["a"]),
            ("$A", &["", "anything"], &[]),
            ("/x/$A/y", &["/x//y", "/x/1/2/y"], &["/x/y", "/x/1", "1/x/2/y"]),
            ("${A:-${B}}/$C.z", &["/.z", "q/w.z"], &["q", "qw.z"]),
            ("'$A'", &["$A"], &["x"]),
            ("$", &["$"], &["x"]),
            ("a$A$B", &["a", "abc"], &["b"]),
            ("", &[""], &["x"]),
        ] {
            for text in fitting {
                assert!(template(word).fits(text.as_bytes()), "{word} {text}");
            }
            for text in others {
                assert!(!template(word).fits(text.as_bytes()), "{word} {text}");
            }
        }
    }
}
