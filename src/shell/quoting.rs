//! Parses words with their quotes and expansions (POSIX.1-2017, "Shell Command Language", 2.2, 2.5 and
//! 2.6).

use super::Word;
use super::parser::{MAX_DEPTH, Parser, Until};
use crate::text::Text;

impl Parser<'_> {
    /// Parses a word and resolves its quotes.
    pub(super) fn read_word(&mut self) -> Word {
        let mut word = Word::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'<' | b'>' if word.text.is_empty() && self.peek(1) == Some(b'(') => {
                    let start = self.at;
                    self.at += 1;
                    self.substitution(&mut word, start);
                }
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\'' => {
                    word.is_quoted = true;
                    self.single_quoted(&mut word);
                }
                b'"' => {
                    word.is_quoted = true;
                    self.double_quoted(&mut word);
                }
                b'\\' => {
                    if self.peek(1) != Some(b'\n') {
                        word.is_quoted = true;
                        self.push(&mut word, self.at + 1, 1);
                    }
                    self.at += 2;
                }
                b'$' if self.peek(1) == Some(b'\'') => {
                    word.is_quoted = true;
                    self.at += 1;
                    self.ansi_quoted(&mut word);
                }
                b'$' => self.dollar(&mut word),
                b'`' => self.backtick(&mut word),
                _ => {
                    self.push(&mut word, self.at, 1);
                    self.at += 1;
                }
            }
        }
        self.at = self.at.min(self.script.len());
        word
    }

    fn push(&self, word: &mut Word, at: usize, len: usize) {
        word.text.push_text(self.script, at..at + len);
    }

    fn single_quoted(&mut self, word: &mut Word) {
        self.at += 1;
        let start = self.at;
        while self.peek(0).is_some_and(|b| b != b'\'') {
            self.at += 1;
        }
        self.push(word, start, self.at - start);
        self.at += 1;
    }

    /// Parses `$'…'` as bash does, with the escapes that matter in a script.
    fn ansi_quoted(&mut self, word: &mut Word) {
        self.at += 1;
        while let Some(byte) = self.peek(0).filter(|&b| b != b'\'') {
            let decoded: Option<&[u8]> = match (byte, self.peek(1)) {
                (b'\\', Some(b'n')) => Some(b"\n"),
                (b'\\', Some(b't')) => Some(b"\t"),
                (b'\\', Some(b'r')) => Some(b"\r"),
                (b'\\', Some(b'\'')) => Some(b"'"),
                (b'\\', Some(b'"')) => Some(b"\""),
                (b'\\', Some(b'\\')) => Some(b"\\"),
                _ => None,
            };
            if let Some(decoded) = decoded {
                word.text.push(decoded, self.script.source_span(self.at..self.at + 2));
                self.at += 2;
            } else {
                self.push(word, self.at, 1);
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn double_quoted(&mut self, word: &mut Word) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'"', _) => {
                    self.at += 1;
                    return;
                }
                (b'\\', Some(b'\n')) => self.at += 2,
                (b'\\', Some(b'$' | b'`' | b'"' | b'\\')) => {
                    self.push(word, self.at + 1, 1);
                    self.at += 2;
                }
                (b'$', _) => self.dollar(word),
                (b'`', _) => self.backtick(word),
                _ => {
                    self.push(word, self.at, 1);
                    self.at += 1;
                }
            }
        }
    }

    fn dollar(&mut self, word: &mut Word) {
        let start = self.at;
        match self.peek(1) {
            Some(b'(') if self.peek(2) == Some(b'(') => self.arithmetic(word),
            Some(b'(') => {
                self.at += 1;
                self.substitution(word, start);
            }
            Some(b'{') => {
                self.at += 2;
                let name = self.name();
                if !name.is_empty() {
                    word.variables.push(name);
                }
                // Skips to the closing brace. The text up to it may contain further variables.
                let mut braces = 1;
                while let Some(byte) = self.peek(0) {
                    match byte {
                        b'{' => braces += 1,
                        b'}' => braces -= 1,
                        b'$' => {
                            self.at += 1;
                            let name = self.name();
                            if !name.is_empty() {
                                word.variables.push(name);
                            }
                            continue;
                        }
                        b'\\' => self.at += 1,
                        _ => {}
                    }
                    self.at += 1;
                    if braces == 0 {
                        break;
                    }
                }
                self.push(word, start, self.at - start);
            }
            _ => {
                self.at += 1;
                let name = self.name();
                if name.is_empty()
                    && matches!(self.peek(0), Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!'))
                {
                    if let Some(all) = self.peek(0).filter(|byte| matches!(byte, b'@' | b'*')) {
                        word.variables.push(char::from(all).to_string());
                    }
                    self.at += 1;
                }
                if !name.is_empty() {
                    word.variables.push(name);
                }
                self.push(word, start, self.at - start);
            }
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.at += 1;
        }
        self.script.slice(start..self.at).to_str().into_owned()
    }

    /// Keeps `$((…))` as text.
    fn arithmetic(&mut self, word: &mut Word) {
        let start = self.at;
        let rest = self.script.as_bytes().get(self.at..).unwrap_or_default();
        self.at += memchr::memmem::find(rest, b"))").map_or(rest.len(), |at| at + 2);
        self.push(word, start, self.at - start);
    }

    /// Parses `(…)` at the cursor as commands. The word keeps the text from `start` on.
    fn substitution(&mut self, word: &mut Word, start: usize) {
        word.has_substitution = true;
        self.at += 1;
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.pipelines += 1;
            self.list(Until::Parenthesis);
            self.depth -= 1;
        } else {
            while self.peek(0).is_some_and(|b| b != b')') {
                self.at += 1;
            }
        }
        self.at = (self.at + 1).min(self.script.len());
        self.push(word, start, self.at - start);
    }

    fn backtick(&mut self, word: &mut Word) {
        let start = self.at;
        let rest = self.script.as_bytes().get(self.at + 1..).unwrap_or_default();
        let mut len = 0;
        while let Some(&byte) = rest.get(len).filter(|&&b| b != b'`') {
            len += if byte == b'\\' { 2 } else { 1 };
        }
        let end = (self.at + 1 + len).min(self.script.len());
        word.has_substitution = true;
        if self.depth < MAX_DEPTH {
            // Inside backticks, a backslash before `$`, a backtick or a backslash is removed.
            let mut inner = Text::new();
            let mut at = self.at + 1;
            while at < end {
                if self.script.byte(at) == Some(b'\\')
                    && matches!(self.script.byte(at + 1), Some(b'$' | b'`' | b'\\'))
                {
                    at += 1;
                }
                inner.push_text(self.script, at..(at + 1).min(end));
                at += 1;
            }
            self.nested(&inner);
        }
        self.at = (end + 1).min(self.script.len());
        self.push(word, start, self.at - start);
    }
}
