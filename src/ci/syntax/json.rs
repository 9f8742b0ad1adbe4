//! Parses JSON with comments and trailing commas into trees with `jsonc-parser`.

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{ObjectPropName, Value},
    common::Ranged as _,
    parse_to_ast,
};

use super::{
    align::align,
    tree::{Kind, MAX_DEPTH, Node},
};
use crate::mask::{Quoted, message};
use crate::text::{Flaw, Span, Text};

/// Parses the value of a file, or returns the flaw that prevents it. `text` begins at `base` in the file.
pub(super) fn parse(text: &str, base: usize) -> Result<Node, Flaw> {
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).map_err(|error| {
            let at = base + error.range().start;
            Flaw::new(Span::new(at, at), message!("{}", Quoted(error.kind().to_string().as_bytes())))
        })?;
    let reader = Reader { text, base };
    Ok(parsed.value.map_or_else(|| Node::null(base), |value| reader.node(&value, 0)))
}

struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn node(&self, value: &Value<'_>, depth: usize) -> Node {
        let range = value.range();
        let span = Span::new(self.base + range.start, self.base + range.end);
        let source = self.text.get(range.start..range.end).unwrap_or_default();
        let kind = match value {
            _ if depth > MAX_DEPTH => Kind::Null,
            Value::NullKeyword(_) => Kind::Null,
            Value::StringLit(string) => Kind::Scalar(quoted(source, span.start, &string.value)),
            Value::NumberLit(_) | Value::BooleanLit(_) => Kind::Scalar(align(source, span.start, source)),
            Value::Array(array) => {
                Kind::List(array.elements.iter().map(|element| self.node(element, depth + 1)).collect())
            }
            Value::Object(object) => {
                let entry = |property: &jsonc_parser::ast::ObjectProp<'_>| {
                    let range = property.name.range();
                    let source = self.text.get(range.start..range.end).unwrap_or_default();
                    let name = match &property.name {
                        ObjectPropName::String(string) => {
                            quoted(source, self.base + range.start, &string.value)
                        }
                        ObjectPropName::Word(_) => align(source, self.base + range.start, source),
                    };
                    (name, self.node(&property.value, depth + 1))
                };
                Kind::Map(object.properties.iter().map(entry).collect())
            }
        };
        Node { kind, span }
    }
}

/// Returns the content of a string, given with its quotes.
fn quoted(source: &str, base: usize, value: &str) -> Text {
    align(source.get(1..).unwrap_or_default(), base + 1, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_their_places() {
        let text = "// é\n{\n  \"a\": [\"x\", \"\\u00e9\\n@\",], /* c */ 'b': {c: 1.5, \"d\": null}\n}\n";
        let root = parse(text, 7).unwrap();
        let string = root.get("a").unwrap().items()[1].text().unwrap();
        assert_eq!(string.source_offset(3), text.find('@').unwrap() + 7);
        assert_eq!(root.at(&["b", "c"]).unwrap().text().unwrap().as_bytes(), b"1.5");
        assert!(matches!(root.at(&["b", "d"]).unwrap().kind, Kind::Null));
        assert!(matches!(parse("", 0).unwrap().kind, Kind::Null));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(parse("{\n  \"a\": ]\n}", 0).unwrap_err().span.start, 9);
    }

    #[test]
    fn nesting_ends() {
        for opening in ["[", "{\"a\":", "[{a:"] {
            assert!(parse(&opening.repeat(100_000), 0).is_err());
        }
    }
}
