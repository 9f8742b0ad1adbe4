//! Text of justfiles: `{{ … }}` is an expression of just.

use crate::text::{Span, Text};

/// The maximum length of an expression in a recipe. Longer ones stay as they are.
const MAX_LENGTH: usize = 4096;

/// Returns a line of a recipe in shell syntax.
pub(in crate::ci) fn from_just(text: &Text) -> Text {
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut at = 0;
    for start in memchr::memmem::find_iter(bytes, b"{{") {
        if start < at {
            continue;
        }
        let rest = bytes.get(start + 2..bytes.len().min(start + 2 + MAX_LENGTH)).unwrap_or_default();
        let Some(length) = memchr::memmem::find(rest, b"}}") else { continue };
        // The braces of `if` may stand before those of the expression.
        let length = length + rest.get(length + 2..).map_or(0, |rest| usize::from(rest.starts_with(b"}")));
        out.push_text(text, at..start);
        let value = just_value(&text.slice(start + 2..start + 2 + length));
        out.push_text(&value, 0..value.len());
        at = start + 2 + length + 2;
    }
    out.push_text(text, at..bytes.len());
    out
}

/// Returns the value of an expression: its strings as they are, and its variables in shell syntax.
pub(in crate::ci) fn just_value(expression: &Text) -> Text {
    let mut reader = Reader { text: expression, at: 0, out: Text::new(), is_condition: false };
    while reader.step() {}
    reader.out
}

struct Reader<'a> {
    text: &'a Text,
    at: usize,
    out: Text,
    /// Whether the text is compared, and gives nothing.
    is_condition: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn step(&mut self) -> bool {
        let start = self.at;
        match self.rest() {
            [] => return false,
            [b'#', ..] => self.at = self.text.len(),
            [b'\'' | b'"' | b'`', ..] => self.string(),
            // Joins two parts of a path.
            [b'/', ..] => self.literal(b"/"),
            [b'{' | b'}', ..] => {
                self.is_condition = false;
                self.literal(b" ");
            }
            [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
                let name: Vec<u8> = self
                    .rest()
                    .iter()
                    .copied()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
                    .collect();
                self.at += name.len();
                self.word(&name, start);
            }
            _ => self.at += 1,
        }
        true
    }

    fn literal(&mut self, bytes: &[u8]) {
        if !self.is_condition {
            self.out.push(bytes, self.text.source_span(self.at..self.at + 1));
        }
        self.at += 1;
    }

    fn word(&mut self, name: &[u8], start: usize) {
        if name == b"if" || name == b"else" {
            self.is_condition = name == b"if";
            return;
        }
        let mut name = name.to_vec();
        if self.rest().starts_with(b"(") {
            // The variable that `env('NAME')` reads.
            let is_env = name.starts_with(b"env");
            let quoted = self.rest().get(2..).unwrap_or_default();
            let length = quoted.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            if !is_env || length == 0 {
                return;
            }
            name = quoted.get(..length).unwrap_or_default().to_vec();
            self.at += memchr::memchr(b')', self.rest()).map_or(self.rest().len(), |at| at + 1);
        }
        if !self.is_condition {
            name.iter_mut().filter(|b| **b == b'-').for_each(|b| *b = b'_');
            let span = self.text.source_span(start..self.at);
            self.out.push(&[b"${", name.as_slice(), b"}"].concat(), Span::new(span.start, span.end));
        }
    }

    /// Reads a string. A command in backticks gives an unknown value.
    fn string(&mut self) {
        let quote = self.rest().first().copied().unwrap_or_default();
        let tripled = [quote; 3];
        let width = if self.rest().starts_with(&tripled) { 3 } else { 1 };
        let start = self.at + width;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length =
            memchr::memmem::find(rest, tripled.get(..width).unwrap_or_default()).unwrap_or(rest.len());
        if quote != b'`' && !self.is_condition {
            self.out.push_text(self.text, start..start + length);
        }
        self.at = start + length + width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::from_source(text.as_bytes(), Span::new(0, text.len()))
    }

    #[test]
    fn expressions_become_text() {
        for (expression, expected) in [
            ("'--x ' + a", "--x ${a}"),
            ("env_var('HF_TOKEN')", "${HF_TOKEN}"),
            ("env('HF_TOKEN', '') / \"b\"", "${HF_TOKEN}/b"),
            ("if a != '' { '--x=' + a } else { '' }", "  --x=${a}      ".trim_end()),
            ("`cat a` # c", ""),
        ] {
            assert_eq!(just_value(&text(expression)).to_str().trim(), expected.trim(), "{expression}");
        }
        assert_eq!(from_just(&text("a {{b}} {{ 'c' }} {{")).to_str(), "a ${b} c {{");
    }
}
