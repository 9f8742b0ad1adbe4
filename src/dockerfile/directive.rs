//! Parser directives (BuildKit, `frontend/dockerfile/parser/directives.go`): `# key=value` comments before
//! everything else.

use crate::text::Span;

/// A parser directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The name: `syntax`, `escape` or `check`.
    pub name: DirectiveName,
    /// The value without surrounding white space.
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

/// The directives of a file, and the escape character that they set.
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

    /// Returns the escape character: `\`, or a backtick if a directive sets it.
    pub fn escape(&self) -> char {
        char::from(self.escape)
    }

    /// Returns the escape character as a byte.
    pub fn escape_byte(&self) -> u8 {
        self.escape
    }

    /// Returns all directives in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Directive> {
        self.found.iter()
    }

    /// Returns the directive with that name.
    pub fn get(&self, name: DirectiveName) -> Option<&Directive> {
        self.found.iter().find(|d| d.name == name)
    }

    /// Parses a line that may be a directive. The first other line ends the directives. BuildKit rejects a
    /// repeated directive, and an escape character other than these two.
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

/// Splits `# key = value`. The span of the value is relative to the line.
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
