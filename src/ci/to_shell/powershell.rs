//! PowerShell, as far as commands, variables and lists of words go.

use crate::text::Text;

/// Returns a PowerShell script in shell syntax. Expressions become the words in them.
pub(in crate::ci) fn from_powershell(text: &Text) -> Text {
    let mut reader = Reader { text, at: 0, out: Text::new(), is_start: true, list: None, is_export: false };
    while reader.step() {}
    reader.out
}

struct Reader<'a> {
    text: &'a Text,
    at: usize,
    out: Text,
    /// Whether a statement begins here.
    is_start: bool,
    /// The number of open parentheses in the value of an assignment.
    list: Option<usize>,
    /// Whether the assignment is one of an environment variable.
    is_export: bool,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.byte(self.at + ahead)
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Writes bytes for the next `width` bytes of the script.
    fn put(&mut self, bytes: &[u8], width: usize) {
        self.out.push(bytes, self.text.source_span(self.at..self.at + width));
        self.at += width;
    }

    /// Copies the next byte.
    fn copy(&mut self) {
        self.out.push_text(self.text, self.at..self.at + 1);
        self.at += 1;
    }

    /// Reads the next part. Returns false at the end.
    fn step(&mut self) -> bool {
        let Some(byte) = self.peek(0) else {
            self.end_list();
            return false;
        };
        if self.is_start && byte == b'$' && self.assignment() {
            return true;
        }
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'{' | b'}');
        let was_start = std::mem::replace(&mut self.is_start, false);
        match byte {
            b' ' | b'\t' => {
                self.is_start = was_start;
                self.copy();
            }
            b'\n' | b';' | b'|' if self.list.is_some_and(|depth| depth > 0) => self.put(b" ", 1),
            b'\n' | b';' | b'|' | b'{' | b'}' => {
                self.end_list();
                self.is_start = true;
                self.put(if byte == b'|' { b"|" } else { b"\n" }, 1);
            }
            b'`' => self.escape(),
            b'#' => self.comment(),
            b'<' if self.peek(1) == Some(b'#') => {
                let length = memchr::memmem::find(self.rest(), b"#>").map_or(self.rest().len(), |at| at + 2);
                self.at += length;
            }
            b'\'' => self.single_quoted(),
            b'"' => self.double_quoted(b"\""),
            b'@' if matches!(self.peek(1), Some(b'"' | b'\'')) => self.here_string(),
            b'$' => self.variable(),
            // `@name` gives the words of a list.
            b'@' if self.peek(1).is_some_and(|b| b.is_ascii_alphabetic()) => {
                let name = self.name(1);
                self.put(&[b"${", name.as_slice(), b"}"].concat(), 1 + name.len());
            }
            b'\\' => self.put(b"\\\\", 1),
            b'(' | b')' | b',' | b'+' | b'@' if self.list.is_some() => {
                let depth = self.list.get_or_insert(0);
                match byte {
                    b'(' => *depth += 1,
                    b')' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                self.put(b" ", 1);
            }
            b'(' | b')' | b'@' => self.put(b" ", 1),
            _ => self.copy(),
        }
        self.is_start |= was_start && is_blank;
        true
    }

    /// Reads `$name =`, `$name +=` or `$env:NAME =`.
    fn assignment(&mut self) -> bool {
        let is_env = self.rest().get(1..5).is_some_and(|scope| scope.eq_ignore_ascii_case(b"env:"));
        let first = if is_env { 5 } else { 1 };
        let name = self.name(first);
        let mut width = first + name.len();
        while matches!(self.peek(width), Some(b' ' | b'\t')) {
            width += 1;
        }
        width += usize::from(self.peek(width) == Some(b'+'));
        if name.is_empty() || self.peek(width) != Some(b'=') {
            return false;
        }
        width += 1;
        while matches!(self.peek(width), Some(b' ' | b'\t')) {
            width += 1;
        }
        // Another word is a command whose output is the value.
        if !matches!(self.peek(width), Some(b'"' | b'\'' | b'$' | b'@' | b'(' | b'[' | b'0'..=b'9')) {
            self.at += width;
            return true;
        }
        // Of the words of `export`, only the first is the value.
        let (before, behind): (&[u8], &[u8]) = if is_env { (b"export ", b"=") } else { (b"", b"=(") };
        self.put(&[before, &name, behind].concat(), width);
        self.is_export = is_env;
        self.list = Some(0);
        self.is_start = false;
        true
    }

    fn end_list(&mut self) {
        if self.list.take().is_some() && !self.is_export {
            self.put(b")", 0);
        }
    }

    /// Returns the name at a distance.
    fn name(&self, ahead: usize) -> Vec<u8> {
        let rest = self.rest().get(ahead..).unwrap_or_default();
        rest.iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').collect()
    }

    /// Reads `$name`, `$env:NAME`, `${env:NAME}` or `$($env:NAME)`.
    fn variable(&mut self) {
        let (opening, closing) = match (self.peek(1), self.peek(2)) {
            (Some(b'{'), _) => (2, Some(b'}')),
            (Some(b'('), Some(b'$')) => (3, Some(b')')),
            _ => (1, None),
        };
        let scoped = self.rest().get(opening..).unwrap_or_default();
        let scopes: [&[u8]; 4] = [b"env:", b"script:", b"global:", b"using:"];
        let scope = scopes
            .iter()
            .find(|scope| scoped.get(..scope.len()).is_some_and(|start| start.eq_ignore_ascii_case(scope)));
        let before = opening + scope.map_or(0, |scope| scope.len());
        let name = self.name(before);
        let width = before + name.len();
        if name.is_empty() || (closing.is_some() && self.peek(width) != closing) {
            self.copy();
            return;
        }
        self.put(&[b"${", name.as_slice(), b"}"].concat(), width + usize::from(closing.is_some()));
    }

    /// Reads a backtick and the character behind it.
    fn escape(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'\r'), Some(b'\n')) => self.put(b"\\\n", 3),
            (Some(b'\n'), _) => self.put(b"\\\n", 2),
            (Some(byte @ (b'$' | b'`' | b'"' | b'\\')), _) => self.put(&[b'\\', byte], 2),
            _ => self.at += 1,
        }
    }

    fn comment(&mut self) {
        self.at += memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
    }

    fn single_quoted(&mut self) {
        self.copy();
        while let Some(byte) = self.peek(0) {
            if byte == b'\'' && self.peek(1) == Some(b'\'') {
                self.put(b"'\\''", 2);
                continue;
            }
            self.copy();
            if byte == b'\'' {
                return;
            }
        }
    }

    /// Reads up to `closing`, in double quotes.
    fn double_quoted(&mut self, closing: &[u8]) {
        self.copy();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' if closing == b"\"" && self.peek(1) == Some(b'"') => self.put(b"\\\"", 2),
                _ if self.rest().starts_with(closing) => {
                    self.put(b"\"", closing.len());
                    return;
                }
                b'"' => self.put(b"\\\"", 1),
                b'`' => self.escape(),
                b'$' => self.variable(),
                b'\\' => self.put(b"\\\\", 1),
                _ => self.copy(),
            }
        }
    }

    /// Reads `@"…"@` or `@'…'@`, whose ends are on lines of their own.
    fn here_string(&mut self) {
        self.at += 1;
        if self.peek(0) == Some(b'"') {
            self.double_quoted(b"\n\"@");
            return;
        }
        let end = memchr::memmem::find(self.rest(), b"\n'@").unwrap_or(self.rest().len());
        let end = self.at + end;
        self.copy();
        while self.at < end {
            if self.peek(0) == Some(b'\'') { self.put(b"'\\''", 1) } else { self.copy() }
        }
        self.put(b"'", 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{self, Language, Script, StepKind};
    use crate::text::Span;

    /// Returns the commands and assignments of a script.
    fn commands(script: &str) -> Vec<String> {
        let text = from_powershell(&Text::from_source(script.as_bytes(), Span::new(0, script.len())));
        let show = |step: shell::Step| match step.kind {
            StepKind::Program { name, arguments, assignments } => {
                let set = assignments.iter().map(|(name, word)| format!("{name}={}", word.text.to_str()));
                let words = arguments.iter().map(|word| word.text.to_str().into_owned());
                let name = Some(name).filter(|name| !name.is_empty());
                set.chain(name).chain(words).collect::<Vec<_>>().join("|")
            }
            StepKind::Python(_) => String::new(),
        };
        shell::steps(&Script::Text { language: Language::Shell, text }).into_iter().map(show).collect()
    }

    #[test]
    fn commands_are_those_of_the_script() {
        for (script, expected) in [
            (
                "docker build `\n  --build-arg \"A=$env:HF_TOKEN\" .",
                vec!["docker|build|--build-arg|A=${HF_TOKEN}|."],
            ),
            ("docker build `\r\n --x .\r\n", vec!["docker|build|--x|."]),
            ("$a = @(\"build\",\n  'x y')\ndocker @a", vec!["a=build x y", "docker|${a}"]),
            ("$a += \"--x\", \"y\"; docker $a", vec!["a=--x y", "docker|${a}"]),
            ("$env:X = \"$($env:Y)\"\nz", vec!["export|X=${Y}", "z"]),
            ("$x = docker build .", vec!["docker|build|."]),
            ("if ($x) { docker 'it''s' } else { y }", vec!["${x}", "docker|it's", "y"]),
            ("& C:\\bin\\docker.exe build <# x #> . # y", vec!["docker|build|."]),
            ("Write-Host \"docker `\"build`\" \"\"x\"\"\"", vec!["Write-Host|docker \"build\" \"x\""]),
            ("$t = @\"\na \"b\" $c\n\"@\nd", vec!["t=\na \"b\" ${c}", "d"]),
            ("$t = @'\na $b's\n'@\nd", vec!["t=\na $b's", "d"]),
        ] {
            assert_eq!(commands(script), expected, "{script}");
        }
    }
}
