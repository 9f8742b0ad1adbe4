//! Text of makefiles: `$(NAME)` is a variable of make, `$$` is a `$` for the shell.

use crate::text::Text;

/// The maximum depth of references within references. Deeper ones are left out.
const MAX_DEPTH: usize = 24;

/// Returns a line of a makefile in shell syntax. Of functions, what they may give stays.
pub(in crate::ci) fn from_make(text: &Text) -> Text {
    let mut reader = Reader { text, at: 0, out: Text::new(), muted: 0, depth: 0 };
    reader.until(&[]);
    reader.out
}

struct Reader<'a> {
    text: &'a Text,
    at: usize,
    out: Text,
    /// The number of functions around, whose text gives nothing.
    muted: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.byte(self.at + ahead)
    }

    /// Writes bytes for the text from `start` on.
    fn put(&mut self, bytes: &[u8], start: usize) {
        if self.muted == 0 {
            self.out.push(bytes, self.text.source_span(start..self.at.max(start + 1)));
        }
    }

    /// Reads up to one of the bytes, which is not part of a reference, or to the end.
    fn until(&mut self, ends: &[u8]) {
        let mut parentheses = 0_usize;
        while let Some(byte) = self.peek(0) {
            if parentheses == 0 && ends.contains(&byte) {
                return;
            }
            match byte {
                b'$' => {
                    self.dollar();
                    continue;
                }
                b'(' | b'{' if !ends.is_empty() => parentheses += 1,
                b')' | b'}' if !ends.is_empty() => parentheses = parentheses.saturating_sub(1),
                // A recipe goes on behind the tab of its next line.
                b'\n' if self.peek(1) == Some(b'\t') => {
                    self.copy();
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            self.copy();
        }
    }

    fn copy(&mut self) {
        if self.muted == 0 {
            self.out.push_text(self.text, self.at..self.at + 1);
        }
        self.at += 1;
    }

    fn dollar(&mut self) {
        let start = self.at;
        match self.peek(1) {
            Some(b'$') => {
                self.at += 2;
                self.put(b"$", start);
            }
            Some(opening @ (b'(' | b'{')) => {
                self.at += 2;
                self.depth += 1;
                if self.depth <= MAX_DEPTH {
                    self.reference(start, if opening == b'(' { b')' } else { b'}' });
                }
                self.depth -= 1;
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                self.at += 2;
                self.put(&[b"${".as_slice(), &[byte], b"}"].concat(), start);
            }
            Some(_) => {
                self.at += 2;
                self.put(b"${_}", start);
            }
            None => self.at += 1,
        }
    }

    /// Reads a reference behind its opening, up to and with `closing`.
    fn reference(&mut self, start: usize, closing: u8) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let name: Vec<u8> = rest.iter().take_while(is_part).copied().collect();
        self.at += name.len();
        if matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.function(&name, start, closing);
        } else {
            // The name of `$(NAME:.a=.b)`; a computed name is not known.
            let is_known =
                !name.is_empty() && matches!(self.peek(0), Some(byte) if byte == closing || byte == b':');
            self.mute(&[closing]);
            let shown: Vec<u8> =
                name.iter().map(|b| if matches!(b, b'-' | b'.') { b'_' } else { *b }).collect();
            self.close(closing);
            let shown = if is_known { &shown } else { b"_".as_slice() };
            self.put(&[b"${", shown, b"}"].concat(), start);
            return;
        }
        self.close(closing);
    }

    fn close(&mut self, closing: u8) {
        if self.peek(0) == Some(closing) {
            self.at += 1;
        }
    }

    fn mute(&mut self, ends: &[u8]) {
        self.muted += 1;
        self.until(ends);
        self.muted -= 1;
    }

    /// Reads the arguments of a function, and writes those that it may give.
    fn function(&mut self, name: &[u8], start: usize, closing: u8) {
        self.at += 1;
        let ends = [b',', closing];
        let muted = match name {
            b"shell" => {
                self.put(b"$(", start);
                self.until(&[closing]);
                self.put(b")", self.at.saturating_sub(1));
                return;
            }
            b"info" | b"warning" | b"error" | b"eval" => usize::MAX,
            b"if" | b"patsubst" | b"filter" | b"filter-out" | b"word" => 1,
            b"foreach" | b"subst" => 2,
            _ => 0,
        };
        if name == b"call" {
            // The name of a function, as a variable.
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            let called = rest.get(..length).unwrap_or_default().to_vec();
            self.at += length;
            self.put(&[b"${", called.as_slice(), b"}"].concat(), start);
        }
        for number in 0.. {
            if number < muted {
                self.mute(&ends);
            } else {
                self.until(&ends);
            }
            if self.peek(0) != Some(b',') {
                return;
            }
            let comma = self.at;
            self.at += 1;
            self.put(b" ", comma);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn references_become_variables() {
        for (text, expected) in [
            ("a $(B) ${C} $$D $$(e) $@ $F", "a ${B} ${C} $D $(e) ${_} ${F}"),
            ("$(if $(A),--x A=$(A))", " --x A=${A}"),
            ("$(if $(A),x,y) $(shell cat a,b) $(B:.c=.o)", " x y $(cat a,b) ${B}"),
            ("$(foreach x,a b,--y $(x)) $(call f,$(A)) $(info x$(A))", "  --y ${x} ${f} ${A} "),
            ("$($(A)) $(A-b) $(", "${_} ${A_b} ${_}"),
            ("a \\\n\tb", "a \\\nb"),
        ] {
            let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
            assert_eq!(from_make(&source).to_str(), expected, "{text}");
        }
    }
}
