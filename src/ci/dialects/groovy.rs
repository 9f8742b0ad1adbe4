//! Groovy as words, strings and signs, which is enough for pipelines of Jenkins.

use crate::detect;
use crate::text::Text;

/// A part of a source, without blanks and comments.
#[derive(Debug)]
pub(super) enum Token {
    /// A name, with the parts that dots join to it: `docker.build`.
    Word(Text),
    /// A string as a shell would read it: variables of Groovy are `${NAME}`.
    String(Text),
    /// Any other character. Newlines count, since they end statements.
    Sign(u8),
}

impl Token {
    pub(super) fn is_sign(&self, sign: u8) -> bool {
        matches!(self, Self::Sign(other) if *other == sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.as_bytes() == word.as_bytes())
    }
}

/// The maximum length of an expression in a string.
const MAX_EXPRESSION: usize = 512;

/// Returns the tokens of a source.
pub(super) fn tokens(text: &Text) -> Vec<Token> {
    let mut scanner = Scanner { text, at: 0, out: Vec::new() };
    while scanner.step() {}
    scanner.out
}

struct Scanner<'a> {
    text: &'a Text,
    at: usize,
    out: Vec<Token>,
}

impl Scanner<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Skips up to and with `end`, or to the end of the source.
    fn skip(&mut self, end: &[u8]) {
        self.at += memchr::memmem::find(self.rest(), end).map_or(self.rest().len(), |at| at + end.len());
    }

    fn step(&mut self) -> bool {
        match self.rest() {
            [] => return false,
            [b' ' | b'\t' | b'\r', ..] => self.at += 1,
            // A newline behind a backslash ends no statement.
            [b'\\', b'\n', ..] => self.at += 2,
            [b'/', b'/', ..] | [b'#', b'!', ..] => {
                self.at += memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
            }
            [b'/', b'*', ..] => {
                self.at += 2;
                self.skip(b"*/");
            }
            [b'\'', b'\'', b'\'', ..] => self.string(b"'''", false),
            [b'"', b'"', b'"', ..] => self.string(b"\"\"\"", true),
            [b'\'', ..] => self.string(b"'", false),
            [b'"', ..] => self.string(b"\"", true),
            [b'$', b'/', ..] => {
                self.at += 2;
                self.skip(b"/$");
            }
            [b'/', ..] if self.begins_pattern() => {
                self.at += 1;
                let line = memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
                let end = memchr::memchr(b'/', self.rest().get(..line).unwrap_or_default());
                self.at += end.map_or(0, |at| at + 1);
            }
            [first, ..] if first.is_ascii_alphabetic() || matches!(first, b'_' | b'$') => {
                let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.');
                let length = self.rest().iter().take_while(is_part).count();
                self.out.push(Token::Word(self.text.slice(self.at..self.at + length)));
                self.at += length;
            }
            [sign, ..] => {
                let sign = *sign;
                self.out.push(Token::Sign(sign));
                self.at += 1;
            }
        }
        true
    }

    /// Returns true if a slash here begins a string rather than divides.
    fn begins_pattern(&self) -> bool {
        matches!(self.out.last(), Some(Token::Sign(b'=' | b'(' | b',' | b'~' | b':')))
    }

    fn string(&mut self, quote: &[u8], is_dynamic: bool) {
        self.at += quote.len();
        let mut value = Text::new();
        loop {
            let copied = match self.rest() {
                [] => break,
                rest if rest.starts_with(quote) => {
                    self.at += quote.len();
                    break;
                }
                // A string on one line ends with it, whatever is missing.
                [b'\n', ..] if quote.len() == 1 => break,
                [b'\\', b'\n', ..] => {
                    self.at += 2;
                    continue;
                }
                [b'\\', escaped, ..] => {
                    let decoded = match escaped {
                        b'n' => b"\n",
                        b't' => b"\t",
                        other => &[*other],
                    };
                    value.push(decoded, self.text.source_span(self.at..self.at + 2));
                    self.at += 2;
                    continue;
                }
                [b'$', ..] if is_dynamic => self.expression(&mut value),
                _ => false,
            };
            if !copied {
                value.push_text(self.text, self.at..self.at + 1);
                self.at += 1;
            }
        }
        self.out.push(Token::String(value));
    }

    /// Reads `${…}` or `$name.name` in a string.
    fn expression(&mut self, value: &mut Text) -> bool {
        let rest = self.rest();
        let rest = rest.get(..rest.len().min(MAX_EXPRESSION)).unwrap_or_default();
        let (width, inner) = if rest.get(1) == Some(&b'{') {
            let mut depth = 0_usize;
            let close = rest.iter().position(|b| {
                match b {
                    b'{' => depth += 1,
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                *b == b'}' && depth == 0
            });
            let Some(close) = close else { return false };
            (close + 1, rest.get(2..close).unwrap_or_default())
        } else {
            let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
            let name = rest.iter().skip(1).take_while(is_part).count();
            let name = rest.get(1..=name).unwrap_or_default().trim_ascii_end();
            let name = name.strip_suffix(b".").unwrap_or(name);
            if name.is_empty() {
                return false;
            }
            (1 + name.len(), name)
        };
        let name = variable(&String::from_utf8_lossy(inner));
        value.push(format!("${{{name}}}").as_bytes(), self.text.source_span(self.at..self.at + width));
        self.at += width;
        true
    }
}

/// Returns the variable that gives an expression its value: the name of a token variable in it, else the last part
/// of `env.NAME` and `params.NAME`, else the first name.
pub(super) fn variable(expression: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = || expression.split(|c| !is_part(c)).filter(|name| !name.is_empty());
    // A comparison gives true or false.
    if ["==", "!=", " in "].iter().any(|asks| expression.contains(asks)) && !expression.contains('?') {
        return "_".to_owned();
    }
    let token = names().find(|name| detect::is_token_variable(name));
    let mut plain = names().skip_while(|name| matches!(*name, "env" | "params" | "this" | "script"));
    token.or_else(|| plain.next()).unwrap_or("_").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn shown(source: &str) -> String {
        let text = Text::from_source(source.as_bytes(), Span::new(0, source.len()));
        let show = |token: &Token| match token {
            Token::Word(word) => word.to_str().into_owned(),
            Token::String(text) => format!("<{}>", text.to_str()),
            Token::Sign(sign) => char::from(*sign).to_string(),
        };
        tokens(&text).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strings_and_comments_are_told_apart() {
        for (source, expected) in [
            ("sh 'a \\'b\\' $c' // d", "sh <a 'b' $c>"),
            ("sh \"a ${env.B} $c \\$d ${e.f()}\"", "sh <a ${B} ${c} $d ${e}>"),
            ("sh '''a\nb''' /* c */ + \"\"\"d \\\ne\"\"\"", "sh <a\nb> + <d e>"),
            ("x = ~/a'b/\ny 4 / 2", "x = ~ \n y 4 / 2"),
            ("\"${x == 'a' ? HF_TOKEN : ''}${x == 1}\"", "<${HF_TOKEN}${_}>"),
            ("'a\nb \"${\" $/'/$", "<a> \n b <${>"),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
    }
}
