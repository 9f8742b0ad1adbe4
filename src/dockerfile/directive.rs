//! Parser directives (BuildKit, `frontend/dockerfile/parser/directives.go`): `# key=value` comments in front of
//! everything else.

use crate::text::Span;

/// A directive that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// `syntax`, `escape` or `check`.
    pub name: DirectiveName,
    /// The value, without white space at its ends.
    pub value: Span,
    /// The whole comment.
    pub span: Span,
}

/// The directives that BuildKit knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectiveName {
    /// `syntax`: the frontend image.
    Syntax,
    /// `escape`: the escape character.
    Escape,
    /// `check`: BuildKit's own lints.
    Check,
}

/// The directives of a file, and the escape character that follows from them.
#[derive(Debug, Clone)]
pub struct Directives {
    found: Vec<Directive>,
    escape: u8,
    done: bool,
}

impl Directives {
    pub(super) fn new() -> Self {
        Self { found: Vec::new(), escape: b'\\', done: false }
    }

    /// The escape character: `\`, or a backtick where a directive says so.
    pub fn escape(&self) -> char {
        char::from(self.escape)
    }

    /// The same, as a byte.
    pub fn escape_byte(&self) -> u8 {
        self.escape
    }

    /// All directives in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Directive> {
        self.found.iter()
    }

    /// The directive of that name.
    pub fn get(&self, name: DirectiveName) -> Option<&Directive> {
        self.found.iter().find(|d| d.name == name)
    }

    /// Reads a line that may be a directive. The first line that is none ends them; BuildKit rejects a
    /// repeated directive and an escape character that is not one of the two.
    pub(super) fn read(&mut self, line: &[u8], span: Span) -> Result<bool, &'static str> {
        if self.done {
            return Ok(false);
        }
        let Some((name, value)) = split(line) else {
            self.done = true;
            return Ok(false);
        };
        if self.get(name).is_some() {
            return Err("a parser directive is given twice");
        }
        let value_bytes = line.get(value.start..value.end).unwrap_or_default();
        let value = Span::new(span.start + value.start, span.start + value.end);
        self.found.push(Directive { name, value, span });
        if name == DirectiveName::Escape {
            match value_bytes {
                [byte @ (b'\\' | b'`')] => self.escape = *byte,
                _ => return Err("the escape character must be \\ or `"),
            }
        }
        Ok(true)
    }
}

impl<'a> IntoIterator for &'a Directives {
    type Item = &'a Directive;
    type IntoIter = std::slice::Iter<'a, Directive>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Splits `# key = value`; the value's span is relative to the line.
fn split(line: &[u8]) -> Option<(DirectiveName, Span)> {
    let line = std::str::from_utf8(line).ok()?;
    let body = line.strip_prefix('#')?;
    let (key, value) = body.split_once('=')?;
    let name = match key.trim().to_ascii_lowercase().as_str() {
        "syntax" => DirectiveName::Syntax,
        "escape" => DirectiveName::Escape,
        "check" => DirectiveName::Check,
        _ => return None,
    };
    let trimmed = value.trim();
    let start = line.len() - value.trim_start().len();
    (!trimmed.is_empty()).then_some((name, Span::new(start, start + trimmed.len())))
}
