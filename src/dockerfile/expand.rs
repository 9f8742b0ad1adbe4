//! Expands variables in a word as BuildKit does (`frontend/dockerfile/shell/lex.go`), and tracks the
//! properties of their values.

use super::Value;
use crate::text::Text;

/// The maximum nesting depth of `${a:-${b:-…}}`. Deeper expansions are treated as plain text.
const MAX_DEPTH: usize = 32;

/// Gives the value of a variable that is in scope.
type Get<'a> = &'a dyn Fn(&str) -> Option<&'a Value>;

/// Expands `word`.
pub(super) fn expand(word: &Text, get: Get<'_>, escape: u8) -> Value {
    let source = word.to_str();
    let mut expander = Expander { chars: source.char_indices().peekable(), get, escape: char::from(escape) };
    let (value, _) = expander.until(None, 0);
    value
}

struct Expander<'a, 'v> {
    chars: std::iter::Peekable<std::str::CharIndices<'a>>,
    get: Get<'v>,
    escape: char,
}

impl Expander<'_, '_> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|&(_, c)| c)
    }

    fn next(&mut self) -> Option<char> {
        self.chars.next().map(|(_, c)| c)
    }

    /// Expands the text up to `stop` or the end. Returns the value and whether `stop` was found. BuildKit
    /// fails if a quote or a brace is never closed; here the text read so far counts.
    fn until(&mut self, stop: Option<char>, depth: usize) -> (Value, bool) {
        let mut value = Value::literal("");
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return (value, true);
            }
            match c {
                '\'' => {
                    self.next();
                    while let Some(c) = self.next().filter(|&c| c != '\'') {
                        value.push(c);
                    }
                }
                '"' => {
                    self.next();
                    self.double_quoted(&mut value, depth);
                }
                '$' => self.dollar(&mut value, depth),
                _ => {
                    self.next();
                    if c == self.escape {
                        if let Some(c) = self.next() {
                            value.push(c);
                        }
                    } else {
                        value.push(c);
                    }
                }
            }
        }
        (value, false)
    }

    fn double_quoted(&mut self, value: &mut Value, depth: usize) {
        while let Some(c) = self.peek() {
            if c == '$' {
                self.dollar(value, depth);
                continue;
            }
            self.next();
            if c == '"' {
                return;
            }
            let next = self.peek();
            if c == self.escape && next.is_some_and(|n| matches!(n, '"' | '$') || n == self.escape) {
                if let Some(c) = self.next() {
                    value.push(c);
                }
            } else if c != self.escape || next.is_some() {
                value.push(c);
            }
        }
    }

    fn dollar(&mut self, value: &mut Value, depth: usize) {
        self.next();
        if self.peek() != Some('{') || depth > MAX_DEPTH {
            match self.name() {
                name if name.is_empty() => value.push('$'),
                name => value.append(&self.variable(&name)),
            }
            return;
        }
        self.next();
        let name = self.name();
        let variable = self.variable(&name);
        let is_set = (self.get)(&name).is_some();
        let mut operator = self.next();
        let empty_counts_as_unset = operator == Some(':');
        if empty_counts_as_unset {
            operator = self.next();
        }
        let has_value = is_set && !(empty_counts_as_unset && variable.is_empty());
        match operator {
            Some('-') => {
                let (word, _) = self.until(Some('}'), depth + 1);
                // A build argument may be given or not, so the result can be either.
                match (has_value, variable.is_certain) {
                    (true, _) => value.append(&variable),
                    (false, true) => value.append(&word),
                    (false, false) => {
                        let mut word = word.uncertain();
                        word.carries_token |= variable.carries_token;
                        value.append(&word);
                    }
                }
            }
            Some('+') => {
                let (word, _) = self.until(Some('}'), depth + 1);
                match (has_value, variable.is_certain) {
                    (true, _) => value.append(&word),
                    (false, true) => {}
                    (false, false) => value.append(&word.uncertain()),
                }
            }
            Some('?') => {
                self.until(Some('}'), depth + 1);
                value.append(&variable);
            }
            Some('#' | '%' | '/') => {
                // Truncation and replacement are not evaluated. The whole value is used instead.
                self.until(Some('}'), depth + 1);
                value.append(&variable);
            }
            // `}`, and anything that BuildKit rejects.
            _ => value.append(&variable),
        }
    }

    fn variable(&self, name: &str) -> Value {
        (self.get)(name).cloned().unwrap_or_else(|| Value::literal(""))
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if name.is_empty() && matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
                self.next();
                return c.to_string();
            }
            let starts_with_digit = name.starts_with(|c: char| c.is_numeric());
            if !(c.is_alphanumeric() || c == '_') || (starts_with_digit && !c.is_numeric()) {
                break;
            }
            self.next();
            name.push(c);
        }
        name
    }
}
