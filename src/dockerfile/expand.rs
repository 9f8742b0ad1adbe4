//! Expands variables in a word as BuildKit does (`frontend/dockerfile/shell/lex.go`), and tracks the
//! properties of their values.

use zeroize::Zeroizing;

use super::scope::Scope;
use crate::text::Text;

/// A value, as far as it is known. It may hold a token, so it is wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    text: Zeroizing<String>,
    /// Whether the build cannot change the text, that is, no build argument is part of it.
    pub is_certain: bool,
    /// Whether the text may contain the value of a token variable or token text.
    pub carries_token: bool,
}

impl Value {
    /// Returns a value that is written in the file.
    pub(crate) fn literal(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), is_certain: true, carries_token: false }
    }

    /// Returns the text according to the file, with the defaults of build arguments. Compare it, never show
    /// it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text if no build can change it, and otherwise an empty string.
    pub(crate) fn certain_text(&self) -> &str {
        if self.is_certain { &self.text } else { "" }
    }

    /// Returns a copy of the text.
    pub(crate) fn to_text(&self) -> String {
        self.text.as_str().to_owned()
    }

    /// Returns true if the value can be something other than empty or a placeholder.
    pub(crate) fn may_hold_something(&self) -> bool {
        !self.is_certain || !super::placeholder::is_placeholder(&self.text)
    }

    fn append(&mut self, other: &Self) {
        let room = MAX_LEN.saturating_sub(self.text.len());
        let fitting = other.text.len().min(room);
        let fitting = (0..=fitting).rev().find(|&at| other.text.is_char_boundary(at)).unwrap_or(0);
        self.text.push_str(other.text.get(..fitting).unwrap_or_default());
        self.is_certain &= other.is_certain && fitting == other.text.len();
        self.carries_token |= other.carries_token;
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Value")
            .field("is_certain", &self.is_certain)
            .field("carries_token", &self.carries_token)
            .finish_non_exhaustive()
    }
}

/// The maximum length of an expanded value in bytes. `ENV A=$A$A` doubles the value each time. A longer
/// value is truncated and no longer certain.
const MAX_LEN: usize = 8 << 10;

/// The maximum nesting depth of `${a:-${b:-…}}`. Deeper expansions are treated as plain text.
const MAX_DEPTH: usize = 32;

/// Expands `word` with the variables of `scope`.
pub(super) fn expand(word: &Text, scope: Scope<'_>, escape: u8) -> Value {
    let source = word.to_str();
    let mut expander =
        Expander { chars: source.char_indices().peekable(), scope, escape: char::from(escape) };
    let (value, _) = expander.until(None, 0);
    value
}

struct Expander<'a> {
    chars: std::iter::Peekable<std::str::CharIndices<'a>>,
    scope: Scope<'a>,
    escape: char,
}

impl Expander<'_> {
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
                        value.text.push(c);
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
                        value.text.extend(self.next());
                    } else {
                        value.text.push(c);
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
                value.text.extend(self.next());
            } else if c != self.escape || next.is_some() {
                value.text.push(c);
            }
        }
    }

    fn dollar(&mut self, value: &mut Value, depth: usize) {
        self.next();
        if self.peek() != Some('{') || depth > MAX_DEPTH {
            match self.name() {
                name if name.is_empty() => value.text.push('$'),
                name => value.append(&self.variable(&name)),
            }
            return;
        }
        self.next();
        let name = self.name();
        let variable = self.variable(&name);
        let is_set = self.scope.get(&name).is_some();
        let mut operator = self.next();
        let empty_counts_as_unset = operator == Some(':');
        if empty_counts_as_unset {
            operator = self.next();
        }
        let has_value = is_set && !(empty_counts_as_unset && variable.text.is_empty());
        match operator {
            Some('-') => {
                let (word, _) = self.until(Some('}'), depth + 1);
                // A build argument may be given or not, so the result can be either.
                match (has_value, variable.is_certain) {
                    (true, _) => value.append(&variable),
                    (false, true) => value.append(&word),
                    (false, false) => value.append(&Value {
                        is_certain: false,
                        carries_token: variable.carries_token | word.carries_token,
                        ..word
                    }),
                }
            }
            Some('+') => {
                let (word, _) = self.until(Some('}'), depth + 1);
                match (has_value, variable.is_certain) {
                    (true, _) => value.append(&word),
                    (false, true) => {}
                    (false, false) => value.append(&Value { is_certain: false, ..word }),
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
        self.scope.get(name).map_or_else(|| Value::literal(""), |binding| binding.value.clone())
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
