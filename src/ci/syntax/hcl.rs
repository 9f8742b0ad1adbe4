//! Parses HCL into trees with `hcl-edit`. As in Bake, a labelled block is an entry in a map with the name
//! of the block.

use std::collections::HashSet;

use hcl_edit::{
    Span as _,
    expr::{Expression, ForExpr, ObjectKey},
    parser::parse_body,
    structure::{Block, Body, Structure},
    template::Element,
};

use super::{
    align::align,
    tree::{Kind, Node},
};
use crate::mask::{Quoted, message};
use crate::text::{Flaw, Span, Text};

/// Parses the body of a file, or returns the flaw that prevents it. `text` begins at `base` in the file.
pub(super) fn parse(text: &str, base: usize) -> Result<Node, Flaw> {
    let body = parse_body(text).map_err(|error| {
        let at = base + error.location().offset();
        Flaw::new(Span::new(at, at), message!("{}", Quoted(error.message().as_bytes())))
    })?;
    Ok(Reader { text, base }.body(&body))
}

struct Reader<'a> {
    text: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn source(&self, span: Option<std::ops::Range<usize>>) -> (&str, Span) {
        let range = span.unwrap_or_default();
        let source = self.text.get(range.clone()).unwrap_or_default();
        (source, Span::new(self.base + range.start, self.base + range.end))
    }

    fn body(&self, body: &Body) -> Node {
        let entry = |structure: &Structure| match structure {
            Structure::Attribute(attribute) => {
                let (source, span) = self.source(attribute.key.span());
                (align(source, span.start, source), self.expression(&attribute.value))
            }
            Structure::Block(block) => self.block(block),
        };
        let (_, span) = self.source(body.span());
        Node { kind: Kind::Map(body.iter().map(entry).collect()), span }
    }

    fn block(&self, block: &Block) -> (Text, Node) {
        let (source, span) = self.source(block.ident.span());
        let name = align(source, span.start, source);
        let mut node = self.body(&block.body);
        for label in block.labels.iter().rev() {
            let (source, span) = self.source(label.span());
            let quote = usize::from(source.starts_with('"'));
            let text = align(source.get(quote..).unwrap_or_default(), span.start + quote, label.as_str());
            node = Node { kind: Kind::Map(vec![(text, node)]), span };
        }
        (name, node)
    }

    fn expression(&self, expression: &Expression) -> Node {
        let (source, span) = self.source(expression.span());
        let kind = match expression {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(_) | Expression::Number(_) => Kind::Scalar(align(source, span.start, source)),
            Expression::HeredocTemplate(_) => {
                // The content without the lines of the delimiter.
                let start = source.find('\n').map_or(source.len(), |at| at + 1);
                let body = source.get(start..).unwrap_or_default();
                let end = body.trim_end().rfind('\n').map_or(0, |at| at + 1);
                let body = body.get(..end).unwrap_or_default();
                Kind::Scalar(align(body, span.start + start, body))
            }
            Expression::String(value) => {
                Kind::Scalar(align(source.get(1..).unwrap_or_default(), span.start + 1, value.value()))
            }
            // Variables in a template are written in shell syntax.
            Expression::StringTemplate(template) => {
                let mut text = Text::new();
                for element in template {
                    let (source, span) = self.source(element.span());
                    let part = match element {
                        Element::Literal(literal) => align(source, span.start, literal.as_str()),
                        Element::Interpolation(_) | Element::Directive(_) => variables(source, span),
                    };
                    text.push_text(&part, 0..part.len());
                }
                Kind::Scalar(text)
            }
            Expression::Array(array) => Kind::List(array.iter().map(|item| self.expression(item)).collect()),
            Expression::Object(object) => {
                let entries =
                    object.iter().map(|(key, value)| (self.key(key), self.expression(value.expr())));
                Kind::Map(entries.collect())
            }
            Expression::Parenthesis(inner) => return self.expression(inner.inner()),
            Expression::Conditional(conditional) => {
                let branches = [&conditional.true_expr, &conditional.false_expr];
                let sources = branches.map(|branch| self.source(branch.span()).0);
                let parts = branches.iter().map(|branch| self.expression(branch)).collect();
                Kind::Expression(variables(&sources.join(" "), span), parts)
            }
            Expression::FuncCall(call) => {
                // The results of these functions do not reveal the token.
                let asks = ["equal", "notequal", "length", "strlen", "contains", "sha256", "md5"];
                let source = if asks.contains(&call.name.name.as_str()) { "" } else { source };
                let parts = call.args.iter().map(|argument| self.expression(argument)).collect();
                Kind::Expression(variables(source, span), parts)
            }
            // Numbers and booleans.
            Expression::UnaryOp(_) | Expression::BinaryOp(_) => {
                Kind::Expression(variables("", span), Vec::new())
            }
            Expression::ForExpr(each) => {
                let parts = vec![
                    self.each(each).unwrap_or_else(|| Node::null(span.start)),
                    self.expression(&each.intro.collection_expr),
                ];
                Kind::Expression(variables(source, span), parts)
            }
            Expression::Variable(_) | Expression::Traversal(_) => {
                Kind::Expression(variables(source, span), Vec::new())
            }
        };
        Node { kind, span }
    }

    /// Returns the map that `{for NAME in [...] : NAME => VALUE}` produces.
    fn each(&self, each: &ForExpr) -> Option<Node> {
        let key = each.key_expr.as_ref()?.as_variable()?;
        if key.as_str() != each.intro.value_var.as_str() {
            return None;
        }
        let collection = self.expression(&each.intro.collection_expr);
        let (source, span) = self.source(each.value_expr.span());
        let value = Node { kind: Kind::Expression(variables(source, span), Vec::new()), span };
        let names = collection.items().iter().filter_map(Node::text).take(MAX_NAMES);
        let entries: Vec<_> = names.map(|name| (name.clone(), value.clone())).collect();
        Some(Node { kind: Kind::Map(entries), span })
    }

    fn key(&self, key: &ObjectKey) -> Text {
        match key {
            ObjectKey::Ident(ident) => {
                let (source, span) = self.source(ident.span());
                align(source, span.start, source)
            }
            ObjectKey::Expression(expression) => {
                self.expression(expression).text().cloned().unwrap_or_default()
            }
        }
    }
}

/// Returns the names in an expression as shell variables, or a placeholder variable if there are none.
fn variables(source: &str, span: Span) -> Text {
    let mut text = Text::new();
    let names = source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut seen = HashSet::new();
    for name in names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
        if seen.len() < MAX_NAMES && seen.insert(name) {
            text.push(format!("${{{name}}}").as_bytes(), span);
        }
    }
    if text.is_empty() {
        text.push(b"${_}", span);
    }
    text
}

/// The maximum number of names of one expression.
const MAX_NAMES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_objects_are_maps() {
        let text = "variable \"HF_TOKEN\" {}\n# é\ntarget \"a\" {\n  args = {\n    X = \"@\\\"\"\n    \"Y\" = \
                    \"a-${B}\"\n    Z = f(HF_TOKEN, { W = null })\n    V = B\n  }\n}\n";
        let root = parse(text, 3).unwrap();
        let args = root.at(&["target", "a", "args"]).unwrap();
        let names: Vec<_> =
            args.entries().iter().map(|(name, _)| (name.to_str().into_owned(), name.span().start)).collect();
        let place = |name: &str| {
            (
                name.to_owned(),
                text.find(&format!("{name}\" =")).or(text.find(&format!("{name} ="))).unwrap() + 3,
            )
        };
        assert_eq!(names, ["X", "Y", "Z", "V"].map(place));
        assert_eq!(args.get("X").unwrap().text().unwrap().source_offset(0), text.find('@').unwrap() + 3);
        assert_eq!(args.get("Y").unwrap().text().unwrap().as_bytes(), b"a-${B}");
        let Kind::Expression(variables, parts) = &args.get("Z").unwrap().kind else { panic!() };
        assert_eq!((variables.as_bytes(), parts.len()), (&b"${f}${HF_TOKEN}${W}${null}"[..], 2));
        assert!(matches!(args.get("V").unwrap().kind, Kind::Expression(..)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(parse("a = 1\nb = = 2\n", 0).unwrap_err().span.start, 10);
    }

    #[test]
    fn nesting_ends() {
        for opening in ["a = [", "[", "a {\n", "x = {a = ", "x = (", "x = !", "x = f(", "x = \"${"] {
            let tail = opening.split_once("= ").map_or(opening, |(_, tail)| tail);
            assert!(parse(&format!("{opening}{}", tail.repeat(50_000)), 0).is_err(), "{opening}");
        }
    }
}
