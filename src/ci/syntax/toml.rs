//! Parses TOML into trees with the `toml` crate.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::align::align;
use super::tree::{Kind, MAX_DEPTH, Node};
use crate::mask::{Quoted, message};
use crate::text::{Flaw, Span};

/// Parses the table of a file, or returns the flaw that prevents it. `text` begins at `base` in the file.
pub(super) fn parse(text: &str, base: usize) -> Result<Node, Flaw> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = base + error.span().map_or(0, |span| span.start);
        Flaw::new(Span::new(at, at), message!("{}", Quoted(error.message().as_bytes())))
    })?;
    let reader = Reader { text, base };
    let span = Span::new(base, base + text.len());
    Ok(Node { kind: reader.table(table.get_ref(), 0), span })
}

struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>, depth: usize) -> Kind {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| (self.text_of(key.span(), key.get_ref()), self.node(value, depth + 1)))
            .collect();
        // The crate sorts keys by name. What counts is where they stand.
        entries.sort_by_key(|(name, _)| name.span().start);
        Kind::Map(entries)
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let range = value.span();
        let span = Span::new(self.base + range.start, self.base + range.end);
        let kind = match value.get_ref() {
            _ if depth > MAX_DEPTH => Kind::Null,
            DeValue::String(string) => Kind::Scalar(self.text_of(range, string)),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                Kind::Scalar(align(self.source(range), span.start, self.source(value.span())))
            }
            DeValue::Array(array) => {
                Kind::List(array.iter().map(|item| self.node(item, depth + 1)).collect())
            }
            DeValue::Table(table) => self.table(table, depth),
        };
        Node { kind, span }
    }

    fn source(&self, range: std::ops::Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Returns the content of a string or a key, given the place of its text.
    fn text_of(&self, range: std::ops::Range<usize>, value: &str) -> crate::text::Text {
        let source = self.source(range.clone());
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        let mut width =
            quotes.iter().find(|quote| source.starts_with(**quote)).map_or(0, |quote| quote.len());
        // The newline after an opening quote of three is left out.
        let rest = source.get(width..).unwrap_or_default();
        if width == 3 {
            width += ["\r\n", "\n"].iter().find(|end| rest.starts_with(**end)).map_or(0, |end| end.len());
        }
        align(source.get(width..).unwrap_or_default(), self.base + range.start + width, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_their_places() {
        let text =
            "# é\n[build]\ncommand = \"é \\\"x\\\" @\"\n\"a b\".c = '''\n  y\n  #'''\n[[d]]\ne = [1, 'z']\n";
        let root = parse(text, 7).unwrap();
        let at = |path: &[&str], byte: u8, mark: char| {
            let value = root.at(path).unwrap().text().unwrap();
            let offset = value.as_bytes().iter().position(|b| *b == byte).unwrap();
            assert_eq!(value.source_offset(offset), text.rfind(mark).unwrap() + 7);
        };
        at(&["build", "command"], b'@', '@');
        at(&["build", "a b", "c"], b'#', '#');
        let list = root.get("d").unwrap().items()[0].get("e").unwrap();
        assert_eq!(list.items()[1].text().unwrap().as_bytes(), b"z");
        assert_eq!(list.items()[0].text().unwrap().as_bytes(), b"1");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(parse("a = 1\nb = = 2\n", 0).unwrap_err().span.start, 10);
    }

    #[test]
    fn nesting_ends() {
        for opening in ["a = [", "a = {b = ", "[a.", "a.", "[["] {
            let tail = opening.split_once("= ").map_or(opening, |(_, tail)| tail);
            assert!(parse(&format!("{opening}{}", tail.repeat(50_000)), 0).is_err(), "{opening}");
        }
    }
}
